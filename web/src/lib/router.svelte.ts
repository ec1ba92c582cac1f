// Which page is shown: the part of the address behind `#`, so that the board serves one file for all of them.

class Router {
  path = $state(read());

  constructor() {
    addEventListener("hashchange", () => (this.path = read()));
  }

  /** `#/recordings/ID` is `["recordings", "ID"]`. */
  get parts(): string[] {
    return this.path.split("/").filter(Boolean).map(decodeURIComponent);
  }

  /** What stands behind `?`, as in `#/reports?campaign=ID`. */
  get query(): URLSearchParams {
    void this.path;
    return new URLSearchParams(location.hash.split("?")[1] ?? "");
  }

  get page(): string {
    return this.parts[0] ?? "today";
  }

  go(path: string) {
    location.hash = `#/${path}`;
  }
}

function read(): string {
  try {
    const path = location.hash.replace(/^#\/?/, "").split("?")[0] ?? "";
    path.split("/").forEach(decodeURIComponent);
    return path;
  } catch {
    return "";
  }
}

export const router = new Router();
export const link = (...parts: string[]): string => `#/${parts.map(encodeURIComponent).join("/")}`;

export const linkWith = (page: string, query: Record<string, string>): string =>
  `${link(page)}?${new URLSearchParams(query)}`;
