/* Throws frames at the core: valid, broken, cut, glued together, at any time, with any button pressed. Holds what the
 * controller promises against an account of its own.
 *
 *     fuzz FRAMES [SEED]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "frames.h"

static struct core core;
static uint16_t pins, pins_before;
static uint32_t now;
static uint64_t seed;
static unsigned long long frames, obeyed, moved, refused, stops, lapses, takebacks, resets;

/* What the account says of the present moment. */
static bool in_frame, frame_valid, stop_now, hands_off;
static uint32_t stop_since, press_began, last_order, dark_due, power_at;
static bool dark_wanted, silence_wanted;
static uint32_t silence_due;
static uint16_t limit_tenths, settle_ms;
static bool latched;

static void fail(const char *what) {
    fprintf(stderr, "broken: %s at %u ms, after %llu frames; pins %03x before %03x, seed %llu\n", what, now, frames, pins,
            pins_before, (unsigned long long)seed);
    abort();
}

static uint32_t any(uint32_t below) {
    static uint64_t state;
    if (!state) state = seed * 0x9E3779B97F4A7C15ull | 1;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 16) % below);
}

/* ---- The board ---- */

void board_set_outputs(uint16_t outputs) {
    pins_before = pins;
    pins = outputs;
    const uint16_t on = outputs & (uint16_t)~pins_before;
    if (on && !(in_frame && frame_valid)) fail("a relay was switched on without a valid order");
    if (on && latched) fail("a relay was switched on while the button was latched");
    if (((pins ^ pins_before) & ZONE_BITS) && (pins_before & SOUND_BIT)) fail("zones changed under sound");
    if ((on & SOUND_BIT) && !(pins_before & POWER_BIT)) fail("sound without power");
    if ((on & (SOUND_BIT | ZONE_BITS)) && now - power_at < settle_ms) fail("on before power has settled");
    if ((outputs & (SOUND_BIT | ZONE_BITS)) && !(outputs & POWER_BIT)) fail("zones or sound without power");
    if (on & POWER_BIT) power_at = now;
    if (in_frame && !frame_valid && pins != pins_before) fail("an invalid frame moved a relay");
    if (pins != pins_before && in_frame) moved++;
    if (outputs & ~0x3FFu) fail("an output that does not exist");
}

uint16_t board_read_outputs(void) {
    return pins;
}

/* ---- Is a frame valid? Written apart from the core: the check sum by table, the lengths as a list. ---- */

static uint16_t table[256];

static void make_table(void) {
    for (unsigned i = 0; i < 256; i++) {
        unsigned c = i;
        for (int k = 8; k; k--) c = c % 2 ? c / 2 ^ 0xA001 : c / 2;
        table[i] = (uint16_t)c;
    }
}

static uint16_t sum(const uint8_t *bytes, unsigned length) {
    uint16_t c = 0xFFFF;
    for (unsigned i = 0; i < length; i++) c = (uint16_t)(c >> 8) ^ table[(c ^ bytes[i]) & 0xFF];
    return c;
}

static bool is_order_frame(const uint8_t *b, unsigned n) {
    if (n < 8 || n > 64 || b[0] != 1) return false;
    const uint16_t c = sum(b, n - 2);
    if (b[n - 2] != c % 256 || b[n - 1] != c / 256) return false;
    if (b[1] == 5 || b[1] == 6) return n == 8;
    if (b[1] == 15 || b[1] == 16) return n > 9 && n == 9u + b[6];
    return false;
}

/* ---- What must be true at every moment ---- */

static void account(void) {
    if (latched && silence_wanted && (pins & SOUND_BIT) && (int32_t)(now - silence_due) > 0) fail("sound after STOP");
    if (dark_wanted && pins && (int32_t)(now - dark_due) > 0) fail("something on, long after it had to be off");
    if (!pins) dark_wanted = silence_wanted = false;
    if (core.holding[HR_HEARTBEAT_LIMIT] < 10 || core.holding[HR_HEARTBEAT_LIMIT] > 100) fail("heartbeat limit");
    if (core.stop_latched) {
        if (!latched) stops++;
        latched = true;
    } else if (latched) {
        latched = false;
        if (stop_now && now != stop_since) fail("the latch went while the button was pressed");
        if (stop_since - press_began < STOP_HOLD_MS) fail("the latch went although nobody held the button");
        if (stop_since - press_began > STOP_HOLD_MAX_MS + 100) fail("a broken wire was taken for a finger");
        takebacks++;
    }
}

static void press(bool pressed) {
    if (pressed == stop_now) return;
    stop_now = pressed;
    stop_since = now;
    if (pressed) press_began = now;
}

/* Time goes on in steps of 1 ms, as on the chip; at times the loop is late. */
static void wait_ms(uint32_t ms) {
    static struct senses senses = {.mains = true, .supply = 660, .line = 512, .temperature = 512};
    while (ms > 0) {
        const uint32_t step = any(5000) == 0 && ms > 5 ? 1 + any(5) : 1;
        const uint32_t taken = step > ms ? ms : step;
        now += taken;
        ms -= taken;
        if (!hands_off && any(4000) == 0) press(!stop_now && any(8) == 0);
        if (any(64) == 0) {
            senses.mains = any(9) != 0;
            senses.ready = any(2);
            senses.supply = (uint16_t)any(1024);
            senses.line = (uint16_t)any(1024);
            senses.temperature = (uint16_t)any(1024);
        }
        senses.stop = stop_now;
        core_tick(&core, now, &senses);
        const uint16_t was = limit_tenths;
        limit_tenths = core.holding[HR_HEARTBEAT_LIMIT];
        settle_ms = core.holding[HR_POWER_SETTLE];
        if (was != limit_tenths) dark_wanted = false;
        if (stop_now && now - stop_since >= 10 && !latched && !core.stop_latched) fail("a press of 10 ms did not latch");
        if (core.stop_latched && !latched && pins) {
            dark_wanted = silence_wanted = true;
            dark_due = now + DARK_WITHIN_MS;
            silence_due = now;
        }
        if (pins && !dark_wanted && now - last_order >= limit_tenths * 100u) {
            dark_wanted = true;
            dark_due = now + DARK_WITHIN_MS;
            lapses++;
        }
        account();
    }
}

/* ---- Frames ---- */

static unsigned finish(uint8_t *b, unsigned n) {
    const uint16_t c = sum(b, n);
    b[n] = (uint8_t)c;
    b[n + 1] = (uint8_t)(c >> 8);
    return n + 2;
}

/* A frame that means something, most of them what a driver sends. */
static unsigned sensible(uint8_t *b) {
    static const uint8_t functions[] = {1, 2, 3, 4, 5, 5, 5, 5, 6, 6, 15, 15, 16, 7};
    b[0] = any(20) ? 1 : (uint8_t)any(4);
    b[1] = functions[any(sizeof functions)];
    unsigned n = 6;
    uint16_t first = (uint16_t)any(12), value = (uint16_t)(any(40) ? any(12) : any(65536));
    if (any(50) == 0) first = (uint16_t)(65530 + any(6));
    if (b[1] == 5) {
        const uint32_t kind = any(4);
        first = (uint16_t)(kind == 0 ? 8 : kind == 1 ? 9 : any(11));
        value = any(30) ? any(3) ? 0xFF00 : 0 : (uint16_t)any(65536);
    }
    if (b[1] == 6 && any(2)) first = 0;
    if (b[1] == 6 && first == HR_POWER_SETTLE) value = (uint16_t)any(300);
    if (b[1] == 6 && first == HR_HEARTBEAT_LIMIT) value = (uint16_t)any(120);
    if (b[1] == 15) {
        if (any(3)) first = 0;
        value = first == 0 && any(2) ? (any(2) ? 8 : 10) : (uint16_t)(1 + any(10));
        b[6] = (uint8_t)((value + 7) / 8);
        if (any(20) == 0) b[6] = (uint8_t)any(10);
        for (unsigned i = 0; i < b[6]; i++) b[7 + i] = (uint8_t)(any(5) ? any(256) : 0);
        n = 7u + b[6];
    }
    if (b[1] == 16) {
        value = (uint16_t)(1 + any(4));
        b[6] = (uint8_t)(value * 2);
        for (unsigned i = 0; i < value; i++) put_word(b + 7 + 2 * i, (uint16_t)(any(3) ? any(200) : any(65536)));
        n = 7u + b[6];
    }
    put_word(b + 2, first);
    put_word(b + 4, value);
    return finish(b, n);
}

static void damage(uint8_t *b, unsigned *n) {
    switch (any(6)) {
    case 0: b[any(*n)] ^= (uint8_t)(1u << any(8)); break;
    case 1: b[any(*n)] = (uint8_t)any(256); break;
    case 2: *n = 1 + any(*n); break; /* cut */
    case 3: memmove(b, b + 1, --*n); break;
    case 4: b[*n] = (uint8_t)any(256), *n += 1; break;
    default: /* the right check sum over a wrong length */
        *n = finish(b, 1 + any(*n));
        break;
    }
}

/* The bytes go over the line, and after them the gap. */
static void transmit(const uint8_t *b, unsigned n, bool lossy) {
    uint8_t answer[FRAME_MAX];
    bool lost = false;
    for (unsigned i = 0; i < n; i++) {
        const bool error = lossy && any(40) == 0;
        lost |= error;
        receiver_byte(&core.receiver, b[i], error);
    }
    receiver_gap(&core.receiver);
    const uint16_t before = pins;
    frame_valid = !lost && is_order_frame(b, n);
    in_frame = true;
    memset(answer, 0xEE, sizeof answer);
    const unsigned length = core_poll(&core, answer);
    in_frame = false;
    frames++;
    if (!frame_valid && pins != before) fail("an invalid frame moved a relay");
    if (length > FRAME_MAX) fail("an answer that is too long");
    if (length) {
        if (length < 5 || answer[0] != 1) fail("an answer that is no frame");
        const uint16_t c = sum(answer, length - 2);
        if (answer[length - 2] != (c & 0xFF) || answer[length - 1] != c >> 8) fail("an answer with a wrong check sum");
        if ((answer[1] & 0x7F) != b[1]) fail("an answer to something else");
        if (lost || b[0] != 1) fail("an answer to what was not asked of it");
        if (frame_valid && !(answer[1] & 0x80)) {
            obeyed++;
            const uint16_t first = (uint16_t)(b[2] << 8 | b[3]);
            if (b[1] == 5 || b[1] == 15 || first == HR_HEARTBEAT) last_order = now;
        }
        if (answer[1] & 0x80) {
            refused++;
            if (pins != before) fail("a refused order moved a relay");
        }
        if (any(4) == 0) { /* An echo, or a second master, while the answer is on the line. */
            core.receiver.sending = true;
            receiver_byte(&core.receiver, (uint8_t)any(256), false);
            receiver_gap(&core.receiver);
            core.receiver.sending = false;
        }
    } else if (pins != before) {
        fail("a frame without an answer moved a relay");
    }
    settle_ms = core.holding[HR_POWER_SETTLE];
    account();
}

static void start(void) {
    static const uint16_t causes[] = {RESET_POWER, RESET_WATCHDOG, RESET_BROWN_OUT, RESET_UNKNOWN};
    now = any(4) ? any(100000) : 0xFFFFFFFFu - any(100000); /* The clock may wrap. */
    pins = 0; /* A reset lets go of every pin. */
    stop_now = false;
    latched = dark_wanted = silence_wanted = false;
    settle_ms = 800;
    limit_tenths = 30;
    const bool kept = any(10) == 0;
    core_init(&core, now, causes[any(4)], kept);
    if (pins) fail("not dark at the start");
    latched = core.stop_latched;
    last_order = power_at = now;
    resets++;
}

/* What a driver does, so that the deep states are visited too. */
static void session(void) {
    if (latched && any(2)) { /* Somebody at the station takes the latch back. */
        hands_off = true;
        press(false);
        wait_ms(100);
    }
    if (hands_off && latched) { /* Letting go alone did not do it. */
        press(true);
        wait_ms(3020 + any(6000));
        press(false);
        wait_ms(100);
        if (latched) fail("held and let go, and still latched");
    }
    hands_off = false;
    uint8_t b[FRAME_MAX];
    static const uint8_t steps[][4] = {{8, 0xFF, 0, 0}, {0, 0xFF, 0, 0}, {9, 0xFF, 0, 0}};
    for (unsigned i = 0; i < 3; i++) {
        b[0] = 1, b[1] = 5, b[2] = 0, b[3] = steps[i][0], b[4] = steps[i][1], b[5] = 0;
        transmit(b, finish(b, 6), false);
        if (i == 0) wait_ms(core.holding[HR_POWER_SETTLE] < 1200 ? core.holding[HR_POWER_SETTLE] + any(3) : 5);
    }
}

int main(int count, char **args) {
    const unsigned long long wanted = count > 1 ? strtoull(args[1], NULL, 10) : 100000;
    seed = count > 2 ? strtoull(args[2], NULL, 10) : 1;
    make_table();
    start();
    while (frames < wanted) {
        uint8_t b[3 * FRAME_MAX + 8];
        unsigned n;
        const uint32_t kind = any(100);
        if (kind < 55) {
            n = sensible(b);
        } else if (kind < 85) {
            n = sensible(b);
            damage(b, &n);
        } else if (kind < 92) { /* two frames without a gap between them */
            n = sensible(b);
            n += sensible(b + n);
        } else {
            n = 1 + any(90);
            for (unsigned i = 0; i < n; i++) b[i] = (uint8_t)(any(3) ? any(256) : any(17));
        }
        if (n == 0) continue;
        transmit(b, n, any(10) == 0);
        if (any(20) == 0) session();
        if (any(3) == 0) wait_ms(any(40));
        if (any(300) == 0) wait_ms(any(12000));
        if (any(20000) == 0) start();
    }
    printf("%llu frames: %llu orders obeyed, %llu times a relay moved, %llu refused, %llu presses, %llu taken back, "
           "%llu times nobody was in charge, %llu starts\n", frames, obeyed, moved, refused, stops, takebacks, lapses, resets);
    /* A run that never got anywhere has held nothing. */
    return wanted >= 10000 && !(obeyed && moved && refused && stops && takebacks && lapses) ? 1 : 0;
}
