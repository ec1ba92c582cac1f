/* Modbus RTU: check sum and big-endian words. */
#ifndef LOAXA_FRAMES_H
#define LOAXA_FRAMES_H

#include <stdint.h>

#include "core.h"

uint16_t crc16(const uint8_t *bytes, uint8_t length);
uint16_t word_at(const uint8_t *bytes);
void put_word(uint8_t *bytes, uint16_t word);

/* Carries out a frame whose check sum and address were right. Fills the answer from its second byte on.
 * Answers how many bytes the answer has without its check sum; 0: the frame is malformed and gets no answer. */
uint8_t core_obey(struct core *core, const uint8_t *frame, uint8_t length, uint8_t *answer);

/* Sets the coils of `mask` as in `bits`, if the order of switching allows it. Answers 0 or a refusal. */
uint8_t core_switch(struct core *core, uint16_t mask, uint16_t bits);

/* The discrete inputs, bit = number. */
uint16_t core_inputs(const struct core *core);

#endif
