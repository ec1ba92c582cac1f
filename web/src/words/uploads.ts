import type { Catalogue } from "./index.svelte";

/** Bringing a recording to the station: a file, a microphone, a text. */
export const uploads = {
  head: ["Thêm bản ghi", "Add recordings"],
  ways: ["Cách thêm bản ghi", "Ways to add a recording"],
  way_upload: ["Tải tệp lên", "Upload files"],
  way_record: ["Thu âm", "Record"],
  way_spoken: ["Đọc bản tin", "Read a text"],

  choose: ["Chọn tệp", "Choose files"],
  choose_more: ["Chọn thêm tệp", "Choose more files"],
  drop: ["Kéo thả tệp vào đây, hoặc chọn từ máy.", "Drop files here, or choose them."],
  kinds: [
    "MP3, M4A, WAV, FLAC, OGG, Opus, AIFF, WebM hoặc video có tiếng. Bản ghi chỉ được phát sau khi người khác duyệt.",
    "MP3, M4A, WAV, FLAC, Ogg, Opus, AIFF, WebM or a video with sound. It airs only after somebody else approves it.",
  ],
  send: ["Tải lên", "Upload"],
  send_all: ["Tải lên {count} tệp", { one: "Upload {count} file", other: "Upload {count} files" }],
  rows: ["Các tệp", "Files"],
  file: ["{name} · {size}", "{name} · {size}"],
  remove: ["Bỏ tệp này", "Leave this file out"],
  stop: ["Hủy tải", "Cancel"],
  stop_ask: ["Hủy tải “{title}”?", "Cancel uploading “{title}”?"],
  stop_text: ["Phần đã gửi sẽ bị xóa khỏi đài.", "What was already sent is deleted from the station."],
  resume: ["Tải tiếp", "Continue"],
  clear_done: ["Dọn danh sách", "Clear what is done"],

  phase_waiting: ["Chờ đến lượt", "Waits for its turn"],
  phase_sending: ["Đã gửi {percent}% · {sent} / {size}", "{percent}% sent · {sent} of {size}"],
  phase_checking: ["Đã gửi xong. Đài đang kiểm tra…", "All sent. The station is inspecting it…"],
  phase_paused: [
    "Mất mạng khi đã gửi {percent}%. Trang sẽ tự tải tiếp khi có mạng lại; đừng đóng trang này.",
    "The line was lost at {percent}%. It goes on by itself when the line is back; leave this page open.",
  ],
  phase_done: ["Đã lên đài, chờ duyệt.", "On the station, awaiting approval."],
  phase_done_as: ["Đã lên đài: {state}.", "On the station: {state}."],
  phase_known: [
    "Đài đã có đúng bản ghi này từ trước ({state}).",
    "The station had this very recording already ({state}).",
  ],
  phase_refused: ["Đài không nhận tệp này.", "The station did not take this file."],
  bar: ["Đã gửi của “{title}”", "Sent of “{title}”"],
  see: ["Nghe và xem", "Listen and look"],
  again: ["Thử lại", "Try again"],
  done_news: ["“{title}” đã lên đài.", "“{title}” is on the station."],
  continued: [
    "Tải tiếp từ lần trước: tiêu đề và các mục khác giữ như đã ghi.",
    "Goes on from last time: its title and the rest stay as they were written.",
  ],

  unfinished: ["Chưa tải xong", "Not finished"],
  unfinished_what: [
    "“{title}”: đã gửi {percent}%. Chọn lại đúng tệp {name} để tải tiếp từ chỗ dừng.",
    "“{title}”: {percent}% was sent. Choose the very file {name} again and it goes on from there.",
  ],
  unfinished_other: [
    "Đây không phải tệp đã tải dở. Tệp được thêm như một bản ghi mới.",
    "This is not the file that was begun. It was added as a new recording.",
  ],
  unfinished_choose: ["Chọn lại tệp", "Choose the file again"],
  unfinished_drop: ["Bỏ", "Discard"],
  running: [
    "Đang tải lên {count} tệp · {percent}%",
    { one: "Uploading {count} file · {percent}%", other: "Uploading {count} files · {percent}%" },
  ],
  running_see: ["Xem", "See"],

  record_what: [
    "Nói rõ, cách micrô khoảng một gang tay. Nghe lại trước khi tải lên.",
    "Speak clearly, a hand's breadth from the microphone. Listen to it before you upload it.",
  ],
  record_start: ["Bắt đầu thu", "Start recording"],
  record_pause: ["Tạm ngừng", "Pause"],
  record_go_on: ["Thu tiếp", "Go on"],
  record_stop: ["Thu xong", "Finish"],
  record_again: ["Thu lại", "Record again"],
  record_again_ask: ["Bỏ bản vừa thu?", "Discard what you recorded?"],
  record_again_text: ["Bản vừa thu chưa được tải lên và sẽ mất.", "It was not uploaded and will be lost."],
  recording: ["Đang thu", "Recording"],
  record_paused: ["Đang tạm ngừng", "Paused"],
  record_asking: ["Hãy cho phép trang dùng micrô…", "Allow the page to use the microphone…"],
  record_level: ["Mức âm thanh", "Level"],
  record_quiet: [
    "Không nghe thấy gì. Hãy kiểm tra micrô hoặc nói gần hơn.",
    "Nothing is heard. Check the microphone, or speak closer to it.",
  ],
  record_loud: ["Quá to: hãy nói xa micrô hơn.", "Too loud: speak farther from the microphone."],
  record_insecure: [
    "Trình duyệt chỉ cho thu âm khi trang được mở bằng https. Hãy mở trang qua địa chỉ https của đài, hoặc thu bằng ứng dụng ghi âm của điện thoại rồi tải tệp lên.",
    "The browser records only on pages opened by https. Open this page by the station's https address, or record with the phone's own recorder and upload the file.",
  ],
  record_unable: [
    "Trình duyệt này không thu âm được. Hãy thu bằng ứng dụng ghi âm của điện thoại rồi tải tệp lên.",
    "This browser cannot record. Record with the phone's own recorder and upload the file.",
  ],
  record_refused: [
    "Trang chưa được phép dùng micrô. Hãy mở phần quyền của trang (biểu tượng cạnh địa chỉ), cho phép micrô rồi thử lại.",
    "The page may not use the microphone. Open the page's permissions (the sign beside the address), allow the microphone and try again.",
  ],
  record_no_microphone: [
    "Không tìm thấy micrô. Hãy cắm micrô rồi thử lại.",
    "There is no microphone. Plug one in and try again.",
  ],
  record_busy: [
    "Micrô đang được ứng dụng khác dùng. Hãy đóng ứng dụng đó rồi thử lại.",
    "Another program uses the microphone. Close it and try again.",
  ],
  record_title: ["Thu âm {time}", "Recorded {time}"],

  spoken_what: [
    "Máy đọc văn bản thành bản ghi. Chữ viết tắt, ngày giờ, số điện thoại tiếng Việt được đọc đầy đủ. Hãy nghe kỹ tên riêng và con số trước khi nhờ duyệt.",
    "The station reads a text into a recording. In Vietnamese abbreviations, dates, times and telephone numbers are read in full. Listen to names and numbers before it is approved.",
  ],
  spoken_count: ["{count}/{most} ký tự", "{count} of {most} characters"],
  spoken_too_long: [
    "Bản tin dài quá {most} ký tự. Hãy chia thành nhiều bản tin.",
    "The text is longer than {most} characters. Divide it.",
  ],
  spoken_none: ["Đài này chưa đọc được bản tin.", "This station cannot read texts yet."],
  spoken_again: [
    "Sửa rồi đọc lại “{title}”. Máy tạo bản ghi mới; bản cũ còn chờ duyệt sẽ được thu hồi.",
    "Correct “{title}” and have it read again. That makes another recording; the one before is withdrawn if it still awaits approval.",
  ],
  spoken_replaced: [
    "Đã đọc lại. Bản ghi cũ đã được thu hồi.",
    "It was read again. The recording before was withdrawn.",
  ],
  spoken_text: ["Nội dung", "Text"],
  spoken_make: ["Tạo bản ghi", "Make the recording"],
  spoken_making: ["Đài đang đọc…", "The station is reading…"],
} as const satisfies Catalogue;
