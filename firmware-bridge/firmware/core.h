/* The controller without its chip: frames, registers, order of switching, heartbeat, STOP, faults.
 *
 * No header of a chip, no dynamic memory, no clock: the time is passed in, and the pins are two functions that whoever
 * links this provides. So the same code runs on the chip, under a simulator, and in the fuzz driver. */
#ifndef LOAXA_CORE_H
#define LOAXA_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "registers.h"

#ifndef ADDRESS
#define ADDRESS DEFAULT_ADDRESS
#endif

/* The longest frame that means something to it is 29 bytes (all holding registers), the longest answer 41. */
#define FRAME_MAX 64u

#define POWER_BIT ((uint16_t)(1u << COIL_POWER))
#define SOUND_BIT ((uint16_t)(1u << COIL_SOUND))
#define ZONE_BITS ((uint16_t)((1u << ZONE_RELAYS) - 1u))

/* Bytes on their way in. byte() and gap() may run in interrupts; the others may not. */
struct receiver {
    uint8_t bytes[FRAME_MAX];
    volatile uint8_t length;
    volatile bool complete; /* A frame waits to be looked at. */
    volatile bool sending;  /* The answer is on the line: what is heard now is no order. */
    volatile bool spoiled;  /* Something of the present burst was lost: all of it is thrown away. */
    volatile uint8_t lost;  /* Bursts thrown away; wraps. */
    volatile uint8_t line_errors; /* Wraps. */
};

void receiver_byte(struct receiver *receiver, uint8_t byte, bool error);
void receiver_gap(struct receiver *receiver); /* The line was quiet for 3.5 characters. */

/* What the pins say, as read, before any debouncing. */
struct senses {
    bool stop;  /* The button is pressed, or its wire is broken. */
    bool mains; /* There is mains voltage. */
    bool ready; /* The amplifier says that it works. */
    uint16_t supply, line, temperature; /* 10 bit counts of the converter. */
};

/* A pin that must hold still for some milliseconds before it is believed. */
struct steady {
    bool value;
    uint8_t differs_ms;
};

struct core {
    struct receiver receiver;
    uint16_t holding[HR_COUNT];
    uint16_t outputs; /* As they were set, bit = coil. */
    uint16_t faults;
    uint16_t reset_cause;

    uint32_t last_ms;
    uint32_t uptime_s;
    uint16_t uptime_ms;
    uint16_t since_order_ms; /* These stop at 65535. */
    uint16_t since_power_ms; /* Since power was last switched, on or off. */
    bool dropping;
    uint8_t drop_wait_ms;

    struct steady stop, mains, ready;
    bool stop_latched;
    bool press_may_release; /* This press did not latch: held long enough, it takes the latch back. */
    uint16_t pressed_ms;

    int16_t temperature; /* 0.1 degrees */
    uint16_t supply_mv, line_mv;
    uint16_t supply_low_ms, hot_ms, line_bad_ms;

    uint16_t frames, crc_errors, exceptions, line_errors;
    uint8_t lost_seen, line_errors_seen;
};

/* Everything off. `latched`: the button was latched when the controller lost its supply. */
void core_init(struct core *core, uint32_t now_ms, uint16_t reset_cause, bool latched);

/* To be called at least once a millisecond; a late call is no harm but for its lateness. */
void core_tick(struct core *core, uint32_t now_ms, const struct senses *senses);

/* Looks at a complete frame, if there is one. Answers the length of the answer in `answer` (FRAME_MAX bytes), 0: none. */
uint8_t core_poll(struct core *core, uint8_t *answer);

/* Whether the lamp at the button is lit now. */
bool core_lamp(const struct core *core);

/* Provided by whoever links the core. */
void board_set_outputs(uint16_t outputs);
uint16_t board_read_outputs(void); /* What the pins really say. */

#endif
