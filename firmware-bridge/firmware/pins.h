/* Which pin is which, by the names printed on an Arduino Nano or Uno. docs/controller.md has the same table. */
#ifndef LOAXA_PINS_H
#define LOAXA_PINS_H

/* Relay boards of the usual kind switch on when their input is pulled down: an open wire is off. */
#ifndef RELAYS_ACTIVE_LOW
#define RELAYS_ACTIVE_LOW 1
#endif

/* RS-485: D0 receives, D1 sends, D2 (PD2) opens the sender. */
#define DRIVER_ENABLE PD2

/* Zone relays 1-5: D3-D7 (PD3-PD7); 6-8: D8-D10 (PB0-PB2). Amplifier power: A0 (PC0). Sound: A1 (PC1).
 * D11-D13 serve for flashing with a programmer: no relay hangs on them. */
#define PORTD_RELAYS 0xF8u
#define PORTB_RELAYS 0x07u
#define PORTC_RELAYS 0x03u

#define MAINS_PIN PB3 /* D11, pulled down by the mains relay's contact */
#define READY_PIN PB4 /* D12, pulled down by the amplifier's contact */
#define LAMP_PIN PB5  /* D13, the board's own lamp */
#define STOP_PIN PC2  /* A2, held down by a contact that opens when pressed */

#define SUPPLY_CHANNEL 3u      /* A3 */
#define LINE_CHANNEL 4u        /* A4 */
#define TEMPERATURE_CHANNEL 5u /* A5 */

#endif
