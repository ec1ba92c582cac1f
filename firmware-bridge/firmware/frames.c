#include "frames.h"

#include <stdatomic.h>

uint16_t crc16(const uint8_t *bytes, uint8_t length) {
    uint16_t crc = 0xFFFF;
    while (length--) {
        crc ^= *bytes++;
        for (uint8_t bit = 0; bit < 8; bit++) crc = (crc & 1) ? (uint16_t)(crc >> 1) ^ 0xA001 : crc >> 1;
    }
    return crc;
}

uint16_t word_at(const uint8_t *bytes) {
    return (uint16_t)((uint16_t)bytes[0] << 8 | bytes[1]);
}

void put_word(uint8_t *bytes, uint16_t word) {
    bytes[0] = (uint8_t)(word >> 8);
    bytes[1] = (uint8_t)word;
}

void receiver_byte(struct receiver *receiver, uint8_t byte, bool error) {
    if (error) receiver->line_errors++;
    if (error || receiver->complete || receiver->sending || receiver->length >= FRAME_MAX) {
        receiver->spoiled = true;
        return;
    }
    receiver->bytes[receiver->length] = byte;
    receiver->length++;
}

void receiver_gap(struct receiver *receiver) {
    if (receiver->spoiled) {
        /* The tail of a burst must never be taken for a frame of its own: the whole burst goes. */
        receiver->spoiled = false;
        if (!receiver->complete) receiver->length = 0;
        if (!receiver->sending) receiver->lost++;
    } else if (receiver->length > 0) {
        atomic_signal_fence(memory_order_release);
        receiver->complete = true;
    }
}
