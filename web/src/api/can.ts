// What the API offers that it did not always: known when the page is built, beside the daemon that serves it.

declare const STATION_CAN: Record<"trim", boolean>;

export const can = STATION_CAN;
