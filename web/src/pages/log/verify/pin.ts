// The station's key as somebody compared and remembered it on this device. Without storage nothing is remembered.

const AT = "loaxa.key";

export function remembered(): string | null {
  try {
    return localStorage.getItem(AT);
  } catch {
    return null;
  }
}

export function remember(key: string | null) {
  try {
    if (key === null) localStorage.removeItem(AT);
    else localStorage.setItem(AT, key);
  } catch {
    // then it is compared by eye each time
  }
}
