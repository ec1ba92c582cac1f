/* Plays the station's hardware around the controller's real program: an ATmega328P in libsimavr, paced to wall time, its
 * serial port on a pseudo terminal.
 *
 *     simavr_host FIRMWARE.elf BAUD
 *
 * Prints, a line each:  pty PATH
 *                       out HEX CYCLE MICROSECONDS      what the output pins drive, bit = coil, after each change
 *                       reset CYCLE MICROSECONDS        the chip started again (its pins let go)
 *                       did COMMAND CYCLE MICROSECONDS  a command took effect
 * Reads commands, a line each:
 *   stop 0|1           let go, press the button          mains 0|1        mains gone, there
 *   stop flicker       its contact opens for 2 ms
 *   ready follow|0|1   the amplifier's contact           supply|line|temperature MV   voltages at the pins
 *   reset power|brown-out|button|quiet                   a reset of that cause; quiet: no cause is named
 *   hang               the main loop never turns again, interrupts still come
 *   deaf               interrupts never come again either
 *   cut 0|1            the line is pulled                garble N         the next N bytes to the controller are inverted
 *   late MS            answers come so much later        now              nothing; tells the cycle
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <simavr/avr_adc.h>
#include <simavr/avr_extint.h>
#include <simavr/avr_ioport.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>
#include <simavr/sim_io.h>

#define HZ 16000000ull
#define SLICE 4000ull /* A quarter of a millisecond between looks at the world. */
#define READY_DELAY (HZ / 20)

enum { PINB = 0x23, DDRB = 0x24, PORTB = 0x25, DDRC = 0x27, PORTC = 0x28, DDRD = 0x2A, PORTD = 0x2B, MCUSR = 0x54 };

static avr_t *avr;
static avr_irq_t *input;
static uint64_t byte_cycles;
static int master, slave; /* The other end is kept open, so that its settings last. */

static bool stop_pressed, mains = true, cut;
static enum { FOLLOW, STUCK_OFF, STUCK_ON } ready;
static unsigned supply_mv = 3243, line_mv = 2500, temperature_mv = 2500; /* 12 V behind its divider, whole, 25 degrees */
static unsigned garble;
static uint64_t flicker_until, late_cycles, power_changed_at;
static bool power_was;

static uint64_t wall_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static void say(const char *what) {
    printf("%s %llu %llu\n", what, (unsigned long long)avr->cycle, (unsigned long long)wall_us());
    fflush(stdout);
}

/* ---- The line ---- */

static struct {
    uint8_t byte;
    uint64_t due;
} sent[1024];
static unsigned sent_from, sent_to;
static uint8_t heard[1024];
static unsigned heard_from, heard_to;
static uint64_t next_byte_at, last_due;

/* The simulator hands a byte over when it is written; on a line it has arrived one character later. */
static void controller_sends(avr_irq_t *irq, uint32_t value, void *param) {
    (void)irq, (void)param;
    uint64_t due = avr->cycle + byte_cycles + late_cycles;
    if (due < last_due + byte_cycles) due = last_due + byte_cycles;
    last_due = due;
    if (cut || sent_to - sent_from == 1024) return;
    sent[sent_to % 1024].byte = (uint8_t)value;
    sent[sent_to++ % 1024].due = due;
}

static void line(void) {
    while (sent_from != sent_to && sent[sent_from % 1024].due <= avr->cycle) {
        const ssize_t n = cut ? 1 : write(master, &sent[sent_from % 1024].byte, 1);
        if (n < 0 && errno == EAGAIN) break;
        sent_from++;
    }
    if (heard_from == heard_to) {
        const ssize_t n = read(master, heard, sizeof heard);
        heard_from = 0;
        heard_to = n > 0 && !cut ? (unsigned)n : 0;
        if (heard_to && next_byte_at < avr->cycle + byte_cycles) next_byte_at = avr->cycle + byte_cycles;
    }
}

static void byte_arrives(void) {
    next_byte_at = avr->cycle + byte_cycles;
    uint8_t byte = heard[heard_from++];
    if (garble) {
        garble--;
        byte = (uint8_t)~byte;
    }
    avr_raise_irq(input, byte);
}

/* ---- The pins ---- */

static unsigned driven_on(void) {
    /* Relays that switch on when pulled down: on is an output that is low. */
    const unsigned d = avr->data[DDRD] & ~avr->data[PORTD], b = avr->data[DDRB] & ~avr->data[PORTB],
                   c = avr->data[DDRC] & ~avr->data[PORTC];
    return (d >> 3 & 0x1F) | (b & 0x07) << 5 | (c & 0x03) << 8;
}

/* What is laid on the chip's inputs: said again only when it changes, and after a reset. */
static struct wire {
    avr_irq_t *irq;
    uint32_t laid;
} wires[6];

static void wire_up(void) {
    wires[0].irq = avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ('C'), IOPORT_IRQ_PIN0 + 2);
    wires[1].irq = avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ('B'), IOPORT_IRQ_PIN0 + 3);
    wires[2].irq = avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ('B'), IOPORT_IRQ_PIN0 + 4);
    for (int i = 3; i < 6; i++) wires[i].irq = avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_ADC0 + i);
}

static void lay(int wire, uint32_t value, bool again) {
    /* The same value twice is swallowed, also when a reset has meanwhile forgotten it. */
    if (again) avr_raise_irq(wires[wire].irq, !value);
    if (again || wires[wire].laid != value) avr_raise_irq(wires[wire].irq, wires[wire].laid = value);
}

/* What holds a pin must also be stronger than the chip's own pull-up, which every write to its port lays on it anew. */
static void hold(char port, unsigned mask, unsigned value) {
    avr_ioport_external_t outside = {.name = port, .mask = mask, .value = value};
    avr_ioctl(avr, AVR_IOCTL_IOPORT_SET_EXTERNAL(port), &outside);
}

static void hardware(bool again) {
    const bool power = driven_on() & 1u << 8;
    if (power != power_was) {
        power_was = power;
        power_changed_at = avr->cycle;
    }
    const bool follows = avr->cycle - power_changed_at >= READY_DELAY ? power : !power;
    const bool amplifier = ready == STUCK_ON || (ready == FOLLOW && follows);
    const bool opened = stop_pressed || avr->cycle < flicker_until;
    static unsigned held = ~0u;
    const unsigned holds = opened << 2 | (unsigned)!mains << 3 | (unsigned)!amplifier << 4;
    if (again || holds != held) {
        held = holds;
        hold('C', 1u << 2, holds & 1u << 2);
        hold('B', 3u << 3, holds & 3u << 3);
    }
    lay(0, opened, again); /* The contact opens when pressed, and the pin rises. */
    lay(1, !mains, again);
    lay(2, !amplifier, again);
    lay(3, supply_mv, again);
    lay(4, line_mv, again);
    lay(5, temperature_mv, again);
}

/* ---- Commands ---- */

static void spin_here(void) {
    /* A loop of one instruction in the last word of the flash: what a hung main loop is. */
    const uint32_t at = avr->flashend - 1;
    avr->flash[at] = 0xFF;
    avr->flash[at + 1] = 0xCF;
    avr->pc = at;
    avr->state = cpu_Running;
}

static void restart(uint8_t cause) {
    avr_reset(avr);
    avr->data[MCUSR] = cause;
    avr->state = cpu_Running;
}

static void obey(char *text) {
    char verb[32] = "", what[32] = "", answer[128];
    if (sscanf(text, "%31s %31s", verb, what) < 1) return;
    const unsigned number = (unsigned)strtoul(what, NULL, 10);
    if (!strcmp(verb, "stop")) {
        flicker_until = what[0] == 'f' ? avr->cycle + HZ / 500 : 0;
        stop_pressed = number;
    }
    else if (!strcmp(verb, "mains")) mains = number;
    else if (!strcmp(verb, "ready")) ready = what[0] == 'f' ? FOLLOW : number ? STUCK_ON : STUCK_OFF;
    else if (!strcmp(verb, "supply")) supply_mv = number;
    else if (!strcmp(verb, "line")) line_mv = number;
    else if (!strcmp(verb, "temperature")) temperature_mv = number;
    else if (!strcmp(verb, "cut")) cut = number;
    else if (!strcmp(verb, "garble")) garble = number;
    else if (!strcmp(verb, "late")) late_cycles = number * (HZ / 1000);
    else if (!strcmp(verb, "hang")) spin_here();
    else if (!strcmp(verb, "deaf")) spin_here(), avr->sreg[S_I] = 0;
    else if (!strcmp(verb, "reset"))
        restart(!strcmp(what, "power") ? 1 : !strcmp(what, "button") ? 2 : !strcmp(what, "brown-out") ? 4 : 0);
    else if (strcmp(verb, "now")) {
        printf("unknown %s\n", verb);
        fflush(stdout);
        return;
    }
    hardware(true);
    snprintf(answer, sizeof answer, "did %s%s%s", verb, *what ? " " : "", what);
    for (char *c = answer + 4; *c; c++)
        if (*c == ' ') *c = '-';
    say(answer);
}

/* Ends when whoever started it goes away. */
static void commands(void) {
    static char text[256];
    static size_t used;
    char byte;
    ssize_t n;
    while ((n = read(0, &byte, 1)) == 1) {
        if (byte != '\n' && used < sizeof text - 1) {
            text[used++] = byte;
            continue;
        }
        text[used] = 0;
        used = 0;
        obey(text);
    }
    if (n == 0) exit(0);
}

/* ---- Time ---- */

static void no_sleep(avr_t *chip, avr_cycle_count_t cycles) {
    (void)chip, (void)cycles; /* The pace is kept in one place, below. */
}

static void keep_pace(void) {
    static uint64_t began_us, began_cycle;
    const uint64_t now = wall_us();
    const uint64_t due = began_us + (avr->cycle - began_cycle) / (HZ / 1000000);
    if (began_us == 0 || now > due + 250000) { /* So far behind, the lag is given up. */
        began_us = now;
        began_cycle = avr->cycle;
    } else if (due > now) {
        usleep((useconds_t)(due - now));
    }
}

static void open_line(void) {
    struct termios raw;
    char name[128];
    memset(&raw, 0, sizeof raw);
    cfmakeraw(&raw);
    cfsetspeed(&raw, B19200);
    if (openpty(&master, &slave, name, &raw, NULL)) {
        perror("openpty");
        exit(2);
    }
    fcntl(master, F_SETFL, O_NONBLOCK);
    fcntl(0, F_SETFL, O_NONBLOCK);
    printf("pty %s\n", name);
    fflush(stdout);
}

int main(int count, char **args) {
    elf_firmware_t firmware;
    memset(&firmware, 0, sizeof firmware);
    /* The library chats on the standard output: that goes to the error output until what is ours begins. */
    const int output = dup(1);
    dup2(2, 1);
    if (count != 3 || elf_read_firmware(args[1], &firmware)) {
        fprintf(stderr, "simavr_host FIRMWARE.elf BAUD\n");
        return 2;
    }
    byte_cycles = HZ * 10 / strtoul(args[2], NULL, 10);
    avr = avr_make_mcu_by_name("atmega328p");
    if (!avr) return 2;
    avr_init(avr);
    avr->log = LOG_ERROR;
    avr->frequency = (uint32_t)HZ;
    avr->vcc = avr->avcc = avr->aref = 5000;
    avr_load_firmware(avr, &firmware);
    avr->frequency = (uint32_t)HZ;
    avr->vcc = avr->avcc = avr->aref = 5000;
    avr->sleep = no_sleep;
    avr->data[MCUSR] = 1;
    uint32_t flags = 0; /* Neither echo on the terminal nor a nap when the port is polled. */
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    /* Else a low D2 or D3 is looked at in every cycle, although its interrupt is off: ten times the work. */
    for (uint8_t i = 0; i < 2; i++) avr_extint_set_strict_lvl_trig(avr, i, 0);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), controller_sends, NULL);
    fflush(stdout);
    dup2(output, 1);
    open_line();
    input = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT);
    wire_up();
    hardware(true);

    unsigned shown = ~0u;
    bool was_off = false;
    uint64_t next_slice = 0;
    for (;;) {
        const int state = avr_run(avr);
        if (state == cpu_Done || state == cpu_Crashed) {
            say("crashed");
            return 1;
        }
        const bool off = avr->data[DDRD] == 0;
        if (off && !was_off && avr->cycle > 100) {
            say("reset");
            hardware(true);
        }
        was_off = off;
        const unsigned on = driven_on();
        if (on != shown) {
            char text[16];
            snprintf(text, sizeof text, "out %03x", on);
            say(text);
            shown = on;
        }
        if (heard_from != heard_to && avr->cycle >= next_byte_at) byte_arrives();
        if (avr->cycle >= next_slice) {
            next_slice = avr->cycle + SLICE;
            commands();
            line();
            hardware(false);
            ioctl(slave, TIOCNXCL); /* What a master claimed ends when it closes the port, as on a real one. */
            keep_pace();
        }
    }
}
