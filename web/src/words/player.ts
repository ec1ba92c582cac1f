import type { Catalogue } from "./index.svelte";

/** Listening to a recording. */
export const player = {
  listen: ["Nghe", "Listen"],
  listen_to: ["Nghe “{title}”", "Listen to “{title}”"],
  pause: ["Tạm ngừng", "Pause"],
  place: ["Vị trí đang nghe", "Place in the recording"],
  place_at: ["{at} trên {length}", "{at} of {length}"],
  form: ["Nghe bản nào", "Which one to listen to"],
  prepared: ["Sau khi chỉnh", "As it will sound"],
  original: ["Bản gốc", "As it was sent"],
  fetching: ["Đang tải âm thanh…", "Loading the sound…"],
  not_played: [
    "Trình duyệt này không phát được bản gốc. Hãy nghe bản sau khi chỉnh.",
    "This browser cannot play the recording as it was sent. Listen to it as it will sound.",
  ],
  not_played_at_all: [
    "Trình duyệt này không phát được bản ghi. Hãy thử trình duyệt khác.",
    "This browser cannot play the recording. Try another browser.",
  ],
} as const satisfies Catalogue;
