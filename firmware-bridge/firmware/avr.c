/* The chip: pins, serial port, time, converter, watchdog. ATmega328P at 16 MHz. What is decided is decided in core.c. */
#ifndef F_CPU
#define F_CPU 16000000UL
#endif

#include "core.h"
#include "pins.h"

#ifndef BAUD
#define BAUD DEFAULT_BAUD
#endif

#include <avr/eeprom.h>
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <avr/wdt.h>
#include <string.h>
#include <util/atomic.h>
#define BAUD_TOL 3
#include <util/setbaud.h>

/* 3.5 characters of 11 bits; above 19200 the standard has a fixed 1.75 ms. In halves of a microsecond. */
#define GAP_TICKS ((uint16_t)(BAUD > 19200UL ? 3500UL : 77000000UL / BAUD))

/* A button that was latched stays so without supply. An erased cell says "not latched". */
#define LATCH_CELL ((uint8_t *)0)
#define NOT_LATCHED 0xFFu
#define LATCHED 0x00u

/* Each part of the main loop says that it turned; the watchdog is fed when all of them did. */
#define TURNED_CLOCK 0x01u
#define TURNED_SENSES 0x02u
#define TURNED_ORDERS 0x04u
#define TURNED_ALL 0x07u

static struct core core;
static volatile uint32_t clock_ms;
static uint8_t answer[FRAME_MAX];
static volatile uint8_t answer_length, answer_sent;
static uint8_t reset_flags __attribute__((section(".noinit")));

/* ---- Before anything else ---- */

/* A reset makes every pin an input, and an open input is off. This makes off a level, without a moment of on between. */
static inline void relays_off(void) {
    PORTD = RELAYS_ACTIVE_LOW ? PORTD_RELAYS : 0;
    PORTB = (RELAYS_ACTIVE_LOW ? PORTB_RELAYS : 0) | _BV(MAINS_PIN) | _BV(READY_PIN);
    PORTC = (RELAYS_ACTIVE_LOW ? PORTC_RELAYS : 0) | _BV(STOP_PIN);
    DDRD = PORTD_RELAYS | _BV(DRIVER_ENABLE);
    DDRB = PORTB_RELAYS | _BV(LAMP_PIN);
    DDRC = PORTC_RELAYS;
}

__attribute__((naked, used, section(".init3"))) void before_anything_else(void) {
    relays_off();
    reset_flags = MCUSR;
    MCUSR = 0;
    wdt_enable(WDTO_250MS); /* After a reset of its own it runs already, with 16 ms. */
    wdt_reset();
}

static uint16_t reset_cause(void) {
    if (reset_flags & _BV(PORF)) return RESET_POWER;
    if (reset_flags & _BV(WDRF)) return RESET_WATCHDOG;
    if (reset_flags & _BV(BORF)) return RESET_BROWN_OUT;
    if (reset_flags & _BV(EXTRF)) return RESET_BUTTON;
    return RESET_UNKNOWN;
}

/* ---- Relays ---- */

void board_set_outputs(uint16_t outputs) {
    const uint16_t levels = RELAYS_ACTIVE_LOW ? (uint16_t)~outputs : outputs;
    const uint8_t zones = (uint8_t)levels, others = (uint8_t)(levels >> COIL_POWER);
    /* The sender's pin on the same port is switched in an interrupt. */
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
        PORTD = (uint8_t)((PORTD & ~PORTD_RELAYS) | (uint8_t)(zones << 3));
    }
    PORTB = (uint8_t)((PORTB & ~PORTB_RELAYS) | (zones >> 5));
    PORTC = (uint8_t)((PORTC & ~PORTC_RELAYS) | (others & PORTC_RELAYS));
    DDRD = PORTD_RELAYS | _BV(DRIVER_ENABLE);
    DDRB = PORTB_RELAYS | _BV(LAMP_PIN);
    DDRC = PORTC_RELAYS;
}

uint16_t board_read_outputs(void) {
    /* A level shows in PINx one clock after it was set; the call is longer than that. */
    const uint8_t zones = (uint8_t)((PIND & PORTD_RELAYS) >> 3) | (uint8_t)((PINB & PORTB_RELAYS) << 5);
    const uint16_t levels = zones | (uint16_t)((uint16_t)(PINC & PORTC_RELAYS) << COIL_POWER);
    const uint16_t all = (uint16_t)((1u << COIL_COUNT) - 1u);
    return (RELAYS_ACTIVE_LOW ? (uint16_t)~levels : levels) & all;
}

/* ---- Serial port ---- */

ISR(USART_RX_vect) {
    const uint8_t state = UCSR0A;
    receiver_byte(&core.receiver, UDR0, state & (_BV(FE0) | _BV(DOR0)));
    TCNT1 = 0;
    TIFR1 = _BV(OCF1A);
    TIMSK1 = _BV(OCIE1A);
}

ISR(TIMER1_COMPA_vect) {
    TIMSK1 = 0;
    receiver_gap(&core.receiver);
}

/* Sent so far is not the end: a late interrupt must not close the sender under the last byte. */
static inline void forget_sent(void) {
    UCSR0A = (uint8_t)((UCSR0A & _BV(U2X0)) | _BV(TXC0));
}

ISR(USART_UDRE_vect) {
    UDR0 = answer[answer_sent++];
    forget_sent();
    if (answer_sent == answer_length) UCSR0B &= (uint8_t)~_BV(UDRIE0);
}

ISR(USART_TX_vect) {
    if (answer_sent < answer_length) return; /* An interrupt came between two bytes. */
    PORTD &= (uint8_t)~_BV(DRIVER_ENABLE);
    core.receiver.sending = false;
}

static void send(uint8_t length) {
    core.receiver.sending = true;
    answer_sent = 0;
    answer_length = length;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
        PORTD |= _BV(DRIVER_ENABLE);
        forget_sent();
        UCSR0B |= _BV(UDRIE0);
    }
}

/* ---- Time ---- */

ISR(TIMER0_COMPA_vect) {
    clock_ms++;
}

static uint32_t now_ms(void) {
    uint32_t now;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
        now = clock_ms;
    }
    return now;
}

/* ---- Senses ---- */

static struct senses senses;

/* Averages 16 samples of a channel, then of the next. Answers true when all three are new. */
static bool converter_turned(void) {
    static uint8_t at, samples;
    static uint16_t sum;
    static uint16_t *const into[3] = {&senses.supply, &senses.line, &senses.temperature};

    if (ADCSRA & _BV(ADSC)) return false;
    sum += ADC;
    bool round = false;
    if (++samples == 16) {
        *into[at] = sum / 16u;
        samples = 0;
        sum = 0;
        if (++at == 3) {
            at = 0;
            round = true;
        }
        ADMUX = (uint8_t)(_BV(REFS0) | (SUPPLY_CHANNEL + at));
    }
    ADCSRA |= _BV(ADSC);
    return round;
}

static void read_pins(void) {
    senses.stop = PINC & _BV(STOP_PIN);
    senses.mains = !(PINB & _BV(MAINS_PIN));
    senses.ready = !(PINB & _BV(READY_PIN));
}

/* ---- The loop ---- */

static void keep_latch(void) {
    static uint8_t kept_as; /* 0: not looked at since the start */
    const uint8_t wanted = core.stop_latched ? 2 : 1;
    if (kept_as == wanted || !eeprom_is_ready()) return;
    eeprom_update_byte(LATCH_CELL, core.stop_latched ? LATCHED : NOT_LATCHED); /* Starts, and does not wait. */
    kept_as = wanted;
}

static void set_lamp(void) {
    if (core_lamp(&core)) {
        PORTB |= _BV(LAMP_PIN);
    } else {
        PORTB &= (uint8_t)~_BV(LAMP_PIN);
    }
}

static void start_chip(void) {
    UBRR0 = UBRR_VALUE;
    UCSR0A = USE_2X ? _BV(U2X0) : 0;
    UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
    UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0) | _BV(TXCIE0);

    TCCR0A = _BV(WGM01); /* 250 kHz / 250: a millisecond */
    OCR0A = 249;
    TIMSK0 = _BV(OCIE0A);
    TCCR0B = _BV(CS01) | _BV(CS00);

    OCR1A = GAP_TICKS; /* 2 MHz */
    TCCR1B = _BV(CS11);

    ADMUX = _BV(REFS0) | SUPPLY_CHANNEL;
    ADCSRA = _BV(ADEN) | _BV(ADPS2) | _BV(ADPS1) | _BV(ADPS0);
    DIDR0 = _BV(SUPPLY_CHANNEL) | _BV(LINE_CHANNEL) | _BV(TEMPERATURE_CHANNEL);
    ADCSRA |= _BV(ADSC);
    SMCR = _BV(SE); /* Sleep is idle: every interrupt ends it. */
}

int main(void) {
    start_chip();
    core_init(&core, 0, reset_cause(), eeprom_read_byte(LATCH_CELL) != NOT_LATCHED);
    sei();
    uint8_t turned = 0;
    uint32_t last = 0;
    for (;;) {
        const uint32_t now = now_ms();
        if (now != last) {
            last = now;
            turned |= TURNED_CLOCK;
            if (converter_turned()) turned |= TURNED_SENSES;
            read_pins();
            core_tick(&core, now, &senses);
            keep_latch();
            set_lamp();
        }
        /* What the answer is made in must not be on its way out. */
        if (!core.receiver.sending) {
            const uint8_t length = core_poll(&core, answer);
            if (length > 0) send(length);
            turned |= TURNED_ORDERS;
        }
        if (turned == TURNED_ALL) {
            wdt_reset();
            turned = 0;
        }
        sleep_cpu(); /* Until the next interrupt, a millisecond at most. */
    }
}
