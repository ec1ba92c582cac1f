/** A text as it is searched: without marks and capitals, so that "ban tin" finds "Bản tin". */
export const fold = (text: string): string =>
  text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[đĐ]/g, "d").toLowerCase();
