/* The functions of the protocol: which coil, input or register is meant, and whether the frame fits. */
#include <string.h>

#include "frames.h"

static const uint16_t holding_min[HR_COUNT] = HR_MINIMA;
static const uint16_t holding_max[HR_COUNT] = HR_MAXIMA;

static uint8_t refuse(struct core *core, uint8_t *answer, uint8_t code) {
    core->exceptions++;
    answer[1] |= 0x80;
    answer[2] = code;
    return 3;
}

/* Tenths of a second until everything goes off, rounded up. */
static uint16_t heartbeat_remaining(const struct core *core) {
    const uint16_t limit_ms = (uint16_t)(core->holding[HR_HEARTBEAT_LIMIT] * 100u);
    if (core->since_order_ms >= limit_ms) return 0;
    return (uint16_t)((limit_ms - core->since_order_ms + 99u) / 100u);
}

static uint16_t settle_remaining(const struct core *core) {
    const uint16_t settle = core->holding[HR_POWER_SETTLE];
    if (!(core->outputs & POWER_BIT) || core->since_power_ms >= settle) return 0;
    return (uint16_t)(settle - core->since_power_ms);
}

static uint16_t input_register(const struct core *core, uint16_t number) {
    switch (number) {
    case IR_PROTOCOL: return PROTOCOL_VERSION;
    case IR_MODEL: return MODEL_ID;
    case IR_FIRMWARE: return FIRMWARE_MAJOR << 8 | FIRMWARE_MINOR;
    case IR_RESET_CAUSE: return core->reset_cause;
    case IR_UPTIME_HIGH: return (uint16_t)(core->uptime_s >> 16);
    case IR_UPTIME_LOW: return (uint16_t)core->uptime_s;
    case IR_OUTPUTS: return board_read_outputs();
    case IR_INPUTS: return core_inputs(core);
    case IR_FAULTS: return core->faults;
    case IR_TEMPERATURE: return (uint16_t)core->temperature;
    case IR_SUPPLY: return core->supply_mv;
    case IR_LINE: return core->line_mv;
    case IR_HEARTBEAT_REMAINING: return heartbeat_remaining(core);
    case IR_SETTLE_REMAINING: return settle_remaining(core);
    case IR_FRAMES: return core->frames;
    case IR_CRC_ERRORS: return core->crc_errors;
    case IR_EXCEPTIONS: return core->exceptions;
    default: return core->line_errors; /* The only one left: the number was checked. */
    }
}

static uint16_t holding_register(const struct core *core, uint16_t number) {
    return number == HR_FAULTS_CLEAR ? core->faults : core->holding[number];
}

/* `count` from `first` on, of `of` that there are. Careful with 65535 + 1. */
static bool exist(uint16_t first, uint16_t count, uint16_t of) {
    return first < of && count <= (uint16_t)(of - first);
}

static uint8_t read_bits(struct core *core, const uint8_t *frame, uint8_t *answer, uint16_t of, uint16_t all) {
    const uint16_t first = word_at(frame + 2), count = word_at(frame + 4);
    if (count == 0 || count > of) return refuse(core, answer, REFUSE_ILLEGAL_VALUE);
    if (!exist(first, count, of)) return refuse(core, answer, REFUSE_ILLEGAL_ADDRESS);
    const uint16_t bits = (uint16_t)(all >> first) & (uint16_t)((1u << count) - 1u);
    answer[2] = count > 8 ? 2 : 1;
    answer[3] = (uint8_t)bits;
    if (count > 8) answer[4] = (uint8_t)(bits >> 8);
    return (uint8_t)(3 + answer[2]);
}

static uint8_t read_words(struct core *core, const uint8_t *frame, uint8_t *answer, uint16_t of,
                          uint16_t (*word)(const struct core *, uint16_t)) {
    const uint16_t first = word_at(frame + 2), count = word_at(frame + 4);
    if (count == 0 || count > of) return refuse(core, answer, REFUSE_ILLEGAL_VALUE);
    if (!exist(first, count, of)) return refuse(core, answer, REFUSE_ILLEGAL_ADDRESS);
    answer[2] = (uint8_t)(count * 2);
    for (uint8_t i = 0; i < count; i++) put_word(answer + 3 + 2 * i, word(core, (uint16_t)(first + i)));
    return (uint8_t)(3 + answer[2]);
}

/* Checks all of `count` words before it writes one of them. */
static uint8_t write_words(struct core *core, uint16_t first, const uint8_t *words, uint16_t count) {
    for (uint8_t i = 0; i < count; i++) {
        const uint16_t value = word_at(words + 2 * i);
        if (value < holding_min[first + i] || value > holding_max[first + i]) return REFUSE_ILLEGAL_VALUE;
    }
    for (uint8_t i = 0; i < count; i++) {
        const uint16_t number = (uint16_t)(first + i), value = word_at(words + 2 * i);
        if (number == HR_FAULTS_CLEAR) {
            core->faults &= (uint16_t)~value;
        } else {
            core->holding[number] = value;
        }
        if (number == HR_HEARTBEAT) core->since_order_ms = 0;
    }
    return 0;
}

static uint8_t write_coil(struct core *core, const uint8_t *frame) {
    const uint16_t number = word_at(frame + 2), value = word_at(frame + 4);
    if (number >= COIL_COUNT) return REFUSE_ILLEGAL_ADDRESS;
    if (value != 0x0000 && value != 0xFF00) return REFUSE_ILLEGAL_VALUE;
    const uint16_t bit = (uint16_t)(1u << number);
    return core_switch(core, bit, value ? bit : 0);
}

static uint8_t write_coils(struct core *core, const uint8_t *frame) {
    const uint16_t first = word_at(frame + 2), count = word_at(frame + 4);
    if (count == 0 || count > COIL_COUNT || frame[6] != (count + 7) / 8) return REFUSE_ILLEGAL_VALUE;
    if (!exist(first, count, COIL_COUNT)) return REFUSE_ILLEGAL_ADDRESS;
    const uint16_t values = count > 8 ? (uint16_t)(frame[7] | (uint16_t)frame[8] << 8) : frame[7];
    const uint16_t mask = (uint16_t)((1u << count) - 1u);
    return core_switch(core, (uint16_t)(mask << first), (uint16_t)((values & mask) << first));
}

static uint8_t write_registers(struct core *core, const uint8_t *frame) {
    const uint16_t first = word_at(frame + 2), count = word_at(frame + 4);
    if (count == 0 || count > HR_COUNT || frame[6] != count * 2) return REFUSE_ILLEGAL_VALUE;
    if (!exist(first, count, HR_COUNT)) return REFUSE_ILLEGAL_ADDRESS;
    return write_words(core, first, frame + 7, count);
}

static uint8_t write_register(struct core *core, const uint8_t *frame) {
    const uint16_t number = word_at(frame + 2);
    if (number >= HR_COUNT) return REFUSE_ILLEGAL_ADDRESS;
    return write_words(core, number, frame + 4, 1);
}

uint8_t core_obey(struct core *core, const uint8_t *frame, uint8_t length, uint8_t *answer) {
    const uint8_t function = frame[1];
    answer[1] = function;
    /* A frame that is not as long as its function says is noise with a lucky check sum, not an order to refuse. */
    switch (function) {
    case FC_READ_COILS:
    case FC_READ_DISCRETE_INPUTS:
    case FC_READ_HOLDING_REGISTERS:
    case FC_READ_INPUT_REGISTERS:
    case FC_WRITE_COIL:
    case FC_WRITE_REGISTER:
        if (length != 8) return 0;
        break;
    case FC_WRITE_COILS:
    case FC_WRITE_REGISTERS:
        if (length < 10 || frame[6] != length - 9) return 0;
        break;
    default: return refuse(core, answer, REFUSE_ILLEGAL_FUNCTION);
    }
    uint8_t refused;
    switch (function) {
    case FC_READ_COILS: return read_bits(core, frame, answer, COIL_COUNT, board_read_outputs());
    case FC_READ_DISCRETE_INPUTS: return read_bits(core, frame, answer, INPUT_COUNT, core_inputs(core));
    case FC_READ_HOLDING_REGISTERS: return read_words(core, frame, answer, HR_COUNT, holding_register);
    case FC_READ_INPUT_REGISTERS: return read_words(core, frame, answer, IR_COUNT, input_register);
    case FC_WRITE_COIL: refused = write_coil(core, frame); break;
    case FC_WRITE_REGISTER: refused = write_register(core, frame); break;
    case FC_WRITE_COILS: refused = write_coils(core, frame); break;
    default: refused = write_registers(core, frame); break;
    }
    if (refused) return refuse(core, answer, refused);
    memcpy(answer + 2, frame + 2, 4); /* What was written: first number, and value or count. */
    return 6;
}
