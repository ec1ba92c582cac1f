import type { Catalogue } from "./index.svelte";

/** Reports: air time of a period. */
export const reports = {
  intro: [
    "Thời lượng do đài đo ở đường ra loa, không chép từ kế hoạch.",
    "Lengths are measured where the sound leaves, never copied from the plan.",
  ],
  period: ["Kỳ báo cáo", "Period"],
  from: ["Từ ngày", "From"],
  until: ["Đến hết ngày", "Up to and with"],
  by: ["Xem theo", "Group by"],
  by_campaign: ["Đợt tuyên truyền", "Campaign"],
  by_day: ["Ngày", "Day"],
  by_segment: ["Bản ghi", "Recording"],
  by_language: ["Ngôn ngữ", "Language"],
  by_zone: ["Cụm loa", "Zone"],
  by_source: ["Nguồn tin", "Source"],
  of_period: ["Từ {from} đến hết {until}", "From {from} up to and with {until}"],
  not_yet: [
    "Đài này chưa lập được báo cáo: hãy cập nhật Loaxa. Nhật ký vẫn xem và tải được.",
    "This station does not make reports yet: update Loaxa. The log can be read and downloaded all the same.",
  ],

  planned: ["Theo kế hoạch", "Planned"],
  aired: ["Đã phát trọn", "Aired whole"],
  missed: ["Không phát trọn", "Not aired whole"],
  owed: ["Phải phát", "Owed"],
  heard: ["Thời lượng đã nghe", "Time heard"],
  share: ["{share} % kế hoạch", "{share} % of the plan"],
  partly: ["trong đó {count} lần phát dở", { one: "{count} of them in part", other: "{count} of them in part" }],
  times: ["{count} lần", { one: "{count} time", other: "{count} times" }],
  hours: ["{hours} giờ {minutes} phút", "{hours} h {minutes} min"],
  whole_hours: ["{hours} giờ", "{hours} h"],
  minutes: ["{minutes} phút", "{minutes} min"],
  seconds: ["{seconds} giây", "{seconds} s"],
  unconfirmed: [
    "{count} lần phát chưa được bộ khuếch đại xác nhận.",
    {
      one: "{count} airing is not confirmed by the amplifier.",
      other: "{count} airings are not confirmed by the amplifier.",
    },
  ],

  chart: ["Kế hoạch và thực phát theo ngày (phút)", "Planned against aired by day (minutes)"],
  chart_months: ["Kế hoạch và thực phát theo tháng (phút)", "Planned against aired by month (minutes)"],
  chart_says: [
    "Biểu đồ: cả kỳ có {planned} phút theo kế hoạch, {aired} phút đã phát. Số liệu từng ngày có trong bảng khi xem theo Ngày.",
    "Chart: {planned} minutes planned and {aired} minutes aired in the whole period. Group by day to have each day's numbers in the table.",
  ],
  chart_day: ["Ngày", "Day"],
  chart_planned: ["Kế hoạch", "Planned"],
  chart_aired: ["Thực phát", "Aired"],

  table: ["Bảng số liệu", "The numbers"],
  name: ["Tên", "Name"],
  count: ["lần", "times"],
  length: ["thời lượng", "length"],
  total: ["Cộng", "Total"],
  this_campaign: ["Đợt đã chọn", "The chosen campaign"],
  removed: [
    "Số liệu đến ngày {day} không đầy đủ: nhật ký của thời gian đó đã xóa theo thời hạn lưu của đài.",
    "The figures up to {day} are not complete: the log of that time was removed by the station's rule of retention.",
  ],
  zones_twice: [
    "Bản ghi phát ở nhiều cụm loa được tính ở mỗi cụm; dòng Cộng chỉ tính một lần.",
    "What is heard in several zones counts in each; the total counts it once.",
  ],
  empty: ["Không có lượt phát nào trong kỳ này.", "Nothing was due in this period."],

  out: ["Lập văn bản", "Make a document"],
  xlsx: ["Excel (XLSX)", "Excel (XLSX)"],
  csv: ["CSV", "CSV"],
  print: ["In, lưu PDF", "Print or save as PDF"],
  print_why: [
    "Mở mẫu báo cáo có quốc hiệu, bảng số liệu và chỗ ký trong thẻ mới; dùng lệnh In của trình duyệt để in hoặc lưu PDF.",
    "Opens the form with its heading, tables and place for signatures in a new tab; the browser's print command prints it or saves it as PDF.",
  ],
  place: ["Địa danh trên văn bản", "Place on the document"],
  kept: ["Đã tải {name}.", "{name} is downloaded."],
} as const satisfies Catalogue;
