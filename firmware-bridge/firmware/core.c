#include "core.h"

#include <stdatomic.h>
#include <string.h>

#include "frames.h"

#define STOP_PRESS_MS 5u    /* A press is believed after so long ... */
#define STOP_RELEASE_MS 30u /* ... and letting go: contacts bounce more when they open. */
#define SENSE_MS 100u
#define DROP_STEP_MS 20u /* A relay has let go after 10 ms: sound is gone before zones open, zones before power falls. */
#define SUPPLY_LOW_MS 500u
#define HOT_MS 2000u
#define LINE_BAD_MS 1000u

static const uint16_t holding_defaults[HR_COUNT] = HR_DEFAULTS;

/* A thermistor of 10 kOhm, B = 3950, to ground, against 10 kOhm: 0.1 degrees at every 32nd count. */
#define NTC_STEP 32u
#define NTC_LOWEST 32u
#define NTC_HIGHEST 991u
static const int16_t ntc[32] = {
    1607, 1293, 1016, 866, 763, 685, 621, 567, 520, 477, 439, 403, 370,  338,  308,  278,
    250,  222,  194,  167, 139, 111, 83,  53,  22,  -11, -47, -87, -132, -186, -256, -364,
};

static int16_t temperature_of(uint16_t count) {
    if (count < NTC_LOWEST || count > NTC_HIGHEST) return INT16_MIN;
    const uint8_t i = (uint8_t)(count / NTC_STEP);
    /* Colder with every count: 314 tenths a step at most, so 16 bits are enough. */
    const uint16_t step = (uint16_t)(ntc[i] - ntc[i + 1]);
    return (int16_t)(ntc[i] - (int16_t)(step * (count % NTC_STEP) / NTC_STEP));
}

/* Counts up, and stands still at the end. */
static void count_ms(uint16_t *counter, uint16_t elapsed) {
    *counter = *counter > UINT16_MAX - elapsed ? UINT16_MAX : (uint16_t)(*counter + elapsed);
}

/* Whether `now` has held for `limit` without a break. */
static bool lasts(uint16_t *counter, bool now, uint16_t elapsed, uint16_t limit) {
    if (!now) {
        *counter = 0;
        return false;
    }
    count_ms(counter, elapsed);
    return *counter >= limit;
}

/* Believes a pin that differed at every look for `limit` ms. A late tick counts as two at most: one look proves little. */
static bool steady_changed(struct steady *pin, bool now, uint16_t elapsed, uint8_t limit) {
    if (now == pin->value) {
        pin->differs_ms = 0;
        return false;
    }
    pin->differs_ms = (uint8_t)(pin->differs_ms + (elapsed > 2 ? 2 : elapsed));
    if (pin->differs_ms < limit) return false;
    pin->value = now;
    pin->differs_ms = 0;
    return true;
}

void core_init(struct core *core, uint32_t now_ms, uint16_t reset_cause, bool latched) {
    memset(core, 0, sizeof *core);
    memcpy(core->holding, holding_defaults, sizeof core->holding);
    board_set_outputs(0);
    core->last_ms = now_ms;
    core->reset_cause = reset_cause;
    core->stop_latched = latched;
    core->since_order_ms = UINT16_MAX;
    core->temperature = INT16_MIN;
    if (reset_cause == RESET_WATCHDOG) core->faults |= FAULT_WATCHDOG_RESET;
    if (reset_cause == RESET_BROWN_OUT) core->faults |= FAULT_BROWN_OUT;
}

static void set_outputs(struct core *core, uint16_t outputs) {
    if ((core->outputs ^ outputs) & POWER_BIT) core->since_power_ms = 0;
    core->outputs = outputs;
    board_set_outputs(outputs);
}

/* ---- Going dark by itself: sound, zones, power, a relay's time apart. ---- */

static void drop_step(struct core *core) {
    if (core->outputs & SOUND_BIT) {
        set_outputs(core, core->outputs & (uint16_t)~SOUND_BIT);
    } else if (core->outputs & ZONE_BITS) {
        set_outputs(core, core->outputs & (uint16_t)~ZONE_BITS);
    } else {
        set_outputs(core, 0);
    }
    core->dropping = core->outputs != 0;
    core->drop_wait_ms = DROP_STEP_MS;
}

static void drop(struct core *core) {
    if (core->outputs != 0 && !core->dropping) drop_step(core);
}

static void drop_go_on(struct core *core, uint16_t elapsed) {
    if (!core->dropping) return;
    if (core->drop_wait_ms > elapsed) {
        core->drop_wait_ms = (uint8_t)(core->drop_wait_ms - elapsed);
    } else {
        drop_step(core);
    }
}

/* ---- Every millisecond ---- */

static void look_at_stop(struct core *core, bool pressed, uint16_t elapsed) {
    const uint8_t limit = core->stop.value ? STOP_RELEASE_MS : STOP_PRESS_MS;
    if (steady_changed(&core->stop, pressed, elapsed, limit)) {
        if (core->stop.value) {
            core->press_may_release = core->stop_latched;
            core->stop_latched = true;
            core->pressed_ms = 0;
        } else if (core->press_may_release && core->pressed_ms >= STOP_HOLD_MS &&
                   core->pressed_ms <= STOP_HOLD_MAX_MS) {
            core->stop_latched = false;
        }
    }
    /* While the contact bounces open it is no longer held: the last 30 ms do not count. */
    if (core->stop.value && pressed) count_ms(&core->pressed_ms, elapsed);
    if (core->stop_latched) drop(core);
}

static void look_at_heartbeat(struct core *core, uint16_t elapsed) {
    count_ms(&core->since_order_ms, elapsed);
    if (core->outputs == 0 || core->dropping) return;
    if (core->since_order_ms >= core->holding[HR_HEARTBEAT_LIMIT] * 100u) {
        core->faults |= FAULT_HEARTBEAT_LOST;
        drop(core);
    }
}

static bool line_in_range(const struct core *core) {
    return core->line_mv >= core->holding[HR_LINE_LOW] && core->line_mv <= core->holding[HR_LINE_HIGH];
}

static void look_at_senses(struct core *core, const struct senses *senses, uint16_t elapsed) {
    const uint16_t wired = core->holding[HR_WIRED];
    steady_changed(&core->mains, senses->mains, elapsed, SENSE_MS);
    steady_changed(&core->ready, senses->ready, elapsed, SENSE_MS);
    core->supply_mv = (uint16_t)((uint32_t)senses->supply * 18500u >> 10); /* 27 kOhm over 10 kOhm, 5 V */
    core->line_mv = (uint16_t)((uint32_t)senses->line * 5000u >> 10);
    core->temperature = temperature_of(senses->temperature);

    /* Until the contacts have been looked at for long enough they say nothing. */
    const bool settled_senses = core->uptime_s > 0;
    if ((wired & WIRED_MAINS) && settled_senses && !core->mains.value) core->faults |= FAULT_MAINS_LOST;
    if ((wired & WIRED_READY) && settled_senses && core->since_power_ms >= core->holding[HR_READY_WITHIN]) {
        const bool power = core->outputs & POWER_BIT;
        if (power && !core->ready.value) core->faults |= FAULT_NOT_READY;
        if (!power && core->ready.value) core->faults |= FAULT_STAYS_ON;
    }
    const bool low = (wired & WIRED_SUPPLY) && settled_senses && core->supply_mv < core->holding[HR_SUPPLY_LOW];
    if (lasts(&core->supply_low_ms, low, elapsed, SUPPLY_LOW_MS)) core->faults |= FAULT_SUPPLY_LOW;
    const bool hot = (wired & WIRED_TEMPERATURE) && core->temperature != INT16_MIN &&
                     core->temperature > (int16_t)core->holding[HR_OVERHEAT];
    if (lasts(&core->hot_ms, hot, elapsed, HOT_MS)) core->faults |= FAULT_OVERHEATED;
    /* Sound would be taken for a fault of the line. */
    const bool line_bad = (wired & WIRED_LINE) && (core->outputs & ZONE_BITS) && !(core->outputs & SOUND_BIT) &&
                          !line_in_range(core);
    if (lasts(&core->line_bad_ms, line_bad, elapsed, LINE_BAD_MS)) core->faults |= FAULT_LINE_FAULT;
}

static void collect_line(struct core *core) {
    const uint8_t lost = core->receiver.lost, errors = core->receiver.line_errors;
    core->crc_errors = (uint16_t)(core->crc_errors + (uint8_t)(lost - core->lost_seen));
    core->line_errors = (uint16_t)(core->line_errors + (uint8_t)(errors - core->line_errors_seen));
    core->lost_seen = lost;
    core->line_errors_seen = errors;
}

void core_tick(struct core *core, uint32_t now_ms, const struct senses *senses) {
    const uint32_t passed = now_ms - core->last_ms;
    if (passed == 0) return;
    const uint16_t elapsed = passed > UINT16_MAX ? UINT16_MAX : (uint16_t)passed;
    core->last_ms = now_ms;
    const uint32_t ms = (uint32_t)core->uptime_ms + passed;
    core->uptime_ms = (uint16_t)ms;
    if (ms >= 1000u) {
        core->uptime_s += ms / 1000u;
        core->uptime_ms = (uint16_t)(ms % 1000u);
    }
    count_ms(&core->since_power_ms, elapsed);

    drop_go_on(core, elapsed);
    look_at_stop(core, senses->stop, elapsed);
    look_at_heartbeat(core, elapsed);
    look_at_senses(core, senses, elapsed);
    collect_line(core);
    /* A disturbance may have changed a port's register: what was ordered is set again. */
    board_set_outputs(core->outputs);
}

/* ---- Switching on order ---- */

static bool power_settled(const struct core *core) {
    return (core->outputs & POWER_BIT) && core->since_power_ms >= core->holding[HR_POWER_SETTLE];
}

static void switch_to(struct core *core, uint16_t target) {
    /* Off: sound, zones, power. On: power, zones, sound. No step changes zones while sound is on. */
    if ((core->outputs & SOUND_BIT) && !(target & SOUND_BIT)) set_outputs(core, core->outputs & (uint16_t)~SOUND_BIT);
    if (!(target & POWER_BIT)) {
        set_outputs(core, core->outputs & (uint16_t)~ZONE_BITS);
        set_outputs(core, 0);
        core->dropping = false;
        return;
    }
    if (!(core->outputs & POWER_BIT)) set_outputs(core, POWER_BIT);
    if ((core->outputs ^ target) & ZONE_BITS) set_outputs(core, (core->outputs & (uint16_t)~ZONE_BITS) | (target & ZONE_BITS));
    if ((target & SOUND_BIT) && !(core->outputs & SOUND_BIT)) set_outputs(core, core->outputs | SOUND_BIT);
}

uint8_t core_switch(struct core *core, uint16_t mask, uint16_t bits) {
    const uint16_t now = core->outputs;
    uint16_t target = (uint16_t)((now & ~mask) | (bits & mask));
    /* Power off takes everything with it, but what is asked to be on in the same order contradicts it. */
    if (!(target & POWER_BIT) && !(bits & mask)) target = 0;
    const uint16_t on = target & (uint16_t)~now;
    const bool zones_change = (now ^ target) & ZONE_BITS;

    /* Whatever asks for nothing to be on is obeyed in every state, but for a zone cut off under sound. */
    if (bits & mask) {
        if (core->stop_latched) {
            core->faults |= FAULT_ORDERED_WHILE_STOPPED;
            return REFUSE_STOPPED;
        }
        if (core->dropping || !(target & POWER_BIT)) return REFUSE_OUT_OF_ORDER;
    }
    if (zones_change && (target & SOUND_BIT)) return REFUSE_OUT_OF_ORDER;
    if ((on & ZONE_BITS) && (now & SOUND_BIT)) return REFUSE_OUT_OF_ORDER;
    if ((on & (ZONE_BITS | SOUND_BIT)) && !power_settled(core)) return REFUSE_OUT_OF_ORDER;
    switch_to(core, target);
    core->since_order_ms = 0;
    return board_read_outputs() == core->outputs ? 0 : REFUSE_HARDWARE_FAILED;
}

uint16_t core_inputs(const struct core *core) {
    uint16_t inputs = 0;
    if (core->stop_latched) inputs |= 1u << INPUT_STOP_LATCHED;
    if (core->stop.value) inputs |= 1u << INPUT_STOP_PRESSED;
    if (core->mains.value) inputs |= 1u << INPUT_MAINS;
    if (core->ready.value) inputs |= 1u << INPUT_AMPLIFIER_READY;
    if (line_in_range(core)) inputs |= 1u << INPUT_LINE_OK;
    if (power_settled(core)) inputs |= 1u << INPUT_POWER_SETTLED;
    if (board_read_outputs() == core->outputs) inputs |= 1u << INPUT_OUTPUTS_AS_ORDERED;
    return inputs;
}

/* ---- Frames ---- */

static uint8_t answer_frame(struct core *core, const uint8_t *frame, uint8_t length, uint8_t *answer) {
    if (length < 4 || crc16(frame, (uint8_t)(length - 2)) !=
                          (uint16_t)(frame[length - 2] | (uint16_t)frame[length - 1] << 8)) {
        core->crc_errors++;
        return 0;
    }
    /* Somebody else's, or to all: nobody may switch a loudspeaker without being answered. An answer of another board
     * (its function has the upper bit) is no order either. */
    if (frame[0] != ADDRESS || (frame[1] & 0x80)) return 0;
    const uint8_t used = core_obey(core, frame, length, answer);
    if (used == 0) {
        core->crc_errors++;
        return 0;
    }
    core->frames++;
    answer[0] = ADDRESS;
    const uint16_t crc = crc16(answer, used);
    answer[used] = (uint8_t)crc;
    answer[used + 1] = (uint8_t)(crc >> 8);
    return (uint8_t)(used + 2);
}

uint8_t core_poll(struct core *core, uint8_t *answer) {
    struct receiver *receiver = &core->receiver;
    if (!receiver->complete) return 0;
    atomic_signal_fence(memory_order_acquire); /* The bytes are read after the flag that an interrupt has set. */
    const uint8_t used = answer_frame(core, receiver->bytes, receiver->length, answer);
    receiver->length = 0;
    atomic_signal_fence(memory_order_release);
    receiver->complete = false;
    return used;
}

bool core_lamp(const struct core *core) {
    if (core->press_may_release && core->stop.value && core->pressed_ms >= STOP_HOLD_MS) return true; /* Let go now. */
    if (core->stop_latched) return core->last_ms & 0x80;
    if (core->outputs & SOUND_BIT) return true;
    return (core->last_ms & 0x7FF) < 64; /* Alive. */
}
