/* The controller's register map. Written from firmware-bridge/src/registers.rs by the test firmware_map:
   change it there. */
#ifndef LOAXA_REGISTERS_H
#define LOAXA_REGISTERS_H

/* The protocol */
#define PROTOCOL_VERSION             1u
#define FIRMWARE_MAJOR               1u
#define FIRMWARE_MINOR               0u
#define MODEL_ID                     19544u
#define DEFAULT_ADDRESS              1u
#define DEFAULT_BAUD                 19200UL
#define ZONE_RELAYS                  8u
#define DARK_WITHIN_MS               100u
#define SILENT_WITHIN_MS             20u
#define STOP_HOLD_MS                 3000u
#define STOP_HOLD_MAX_MS             10000u
#define TEMPERATURE_UNKNOWN          32768u

/* Functions */
#define FC_READ_COILS                0x01u
#define FC_READ_DISCRETE_INPUTS      0x02u
#define FC_READ_HOLDING_REGISTERS    0x03u
#define FC_READ_INPUT_REGISTERS      0x04u
#define FC_WRITE_COIL                0x05u
#define FC_WRITE_REGISTER            0x06u
#define FC_WRITE_COILS               0x0Fu
#define FC_WRITE_REGISTERS           0x10u

/* Refusals */
#define REFUSE_ILLEGAL_FUNCTION      1u
#define REFUSE_ILLEGAL_ADDRESS       2u
#define REFUSE_ILLEGAL_VALUE         3u
#define REFUSE_HARDWARE_FAILED       4u
#define REFUSE_STOPPED               6u
#define REFUSE_OUT_OF_ORDER          7u

/* Coils */
#define COIL_ZONE_1                  0u
#define COIL_ZONE_2                  1u
#define COIL_ZONE_3                  2u
#define COIL_ZONE_4                  3u
#define COIL_ZONE_5                  4u
#define COIL_ZONE_6                  5u
#define COIL_ZONE_7                  6u
#define COIL_ZONE_8                  7u
#define COIL_POWER                   8u
#define COIL_SOUND                   9u
#define COIL_COUNT                   10u

/* Discrete inputs */
#define INPUT_STOP_LATCHED           0u
#define INPUT_STOP_PRESSED           1u
#define INPUT_MAINS                  2u
#define INPUT_AMPLIFIER_READY        3u
#define INPUT_LINE_OK                4u
#define INPUT_POWER_SETTLED          5u
#define INPUT_OUTPUTS_AS_ORDERED     6u
#define INPUT_COUNT                  7u

/* Input registers */
#define IR_PROTOCOL                  0u
#define IR_MODEL                     1u
#define IR_FIRMWARE                  2u
#define IR_RESET_CAUSE               3u
#define IR_UPTIME_HIGH               4u
#define IR_UPTIME_LOW                5u
#define IR_OUTPUTS                   6u
#define IR_INPUTS                    7u
#define IR_FAULTS                    8u
#define IR_TEMPERATURE               9u
#define IR_SUPPLY                    10u
#define IR_LINE                      11u
#define IR_HEARTBEAT_REMAINING       12u
#define IR_SETTLE_REMAINING          13u
#define IR_FRAMES                    14u
#define IR_CRC_ERRORS                15u
#define IR_EXCEPTIONS                16u
#define IR_LINE_ERRORS               17u
#define IR_COUNT                     18u

/* Holding registers */
#define HR_HEARTBEAT                 0u
#define HR_HEARTBEAT_LIMIT           1u
#define HR_FAULTS_CLEAR              2u
#define HR_POWER_SETTLE              3u
#define HR_WIRED                     4u
#define HR_SUPPLY_LOW                5u
#define HR_OVERHEAT                  6u
#define HR_LINE_LOW                  7u
#define HR_LINE_HIGH                 8u
#define HR_READY_WITHIN              9u
#define HR_COUNT                     10u

/* What may be written into them, and what they are after boot, by their number */
#define HR_MINIMA                    {0u, 10u, 0u, 0u, 0u, 0u, 200u, 0u, 0u, 100u}
#define HR_MAXIMA                    {65535u, 100u, 65535u, 10000u, 31u, 18000u, 1000u, 5000u, 5000u, 30000u}
#define HR_DEFAULTS                  {0u, 30u, 0u, 800u, 0u, 10500u, 700u, 500u, 4500u, 3000u}

/* Bits of WIRED */
#define WIRED_MAINS                  1u
#define WIRED_READY                  2u
#define WIRED_LINE                   4u
#define WIRED_TEMPERATURE            8u
#define WIRED_SUPPLY                 16u

/* Bits of FAULTS */
#define FAULT_HEARTBEAT_LOST         1u
#define FAULT_WATCHDOG_RESET         2u
#define FAULT_BROWN_OUT              4u
#define FAULT_SUPPLY_LOW             8u
#define FAULT_OVERHEATED             16u
#define FAULT_NOT_READY              32u
#define FAULT_STAYS_ON               64u
#define FAULT_MAINS_LOST             128u
#define FAULT_LINE_FAULT             256u
#define FAULT_ORDERED_WHILE_STOPPED  512u

/* Reset causes */
#define RESET_UNKNOWN                0u
#define RESET_POWER                  1u
#define RESET_BROWN_OUT              2u
#define RESET_WATCHDOG               3u
#define RESET_BUTTON                 4u

#endif
