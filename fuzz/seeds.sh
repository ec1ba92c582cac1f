#!/usr/bin/env bash
# Makes the seed corpus with public tools: short recordings in every format, their damaged halves, and prepared PCM.
# Usage: fuzz/seeds.sh; fills fuzz/corpus/{intake,prepared}. Needs ffmpeg, lame, flac, sox, vorbis-tools, opus-tools.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
mkdir -p corpus/intake corpus/prepared
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
quiet=(-nostdin -hide_banner -loglevel error -y)
ffmpeg "${quiet[@]}" -f lavfi -i "sine=440:r=44100:d=0.4" -f lavfi -i "sine=660:r=44100:d=0.4" \
    -filter_complex amerge=inputs=2 "$work/a.wav"
make() { ffmpeg "${quiet[@]}" -i "$work/a.wav" -metadata title="Bản tin" -metadata artist="Đài xã" "$@"; }
out=corpus/intake
for rate in 8000 22050 48000; do
    make -ac 1 -ar $rate -c:a libmp3lame -b:a 32k "$out/cbr$rate.mp3" || true
    make -ac 1 -ar $rate -c:a flac "$out/$rate.flac"
    make -ac 2 -ar $rate -c:a aac -b:a 32k "$out/$rate.m4a"
    make -ac 1 -ar $rate -c:a aac -b:a 32k "$out/$rate.aac"
done
make -c:a libmp3lame -q:a 7 -id3v2_version 3 -write_id3v1 1 "$out/vbr.mp3"
make -c:a libvorbis -q:a 0 "$out/vorbis.ogg"
make -c:a libopus -b:a 16k -ar 48000 "$out/opus.ogg"
make -c:a libopus -b:a 16k -ar 48000 "$out/opus.webm"
make -c:a alac "$out/alac.m4a"
make -ac 1 -ar 8000 -c:a libopencore_amrnb "$out/phone.amr" 2>/dev/null || true
for codec in pcm_u8 pcm_s16le pcm_s24le pcm_s32le pcm_f32le pcm_f64le adpcm_ima_wav adpcm_ms pcm_alaw pcm_mulaw; do
    make -ac 1 -ar 8000 -c:a $codec "$out/$codec.wav"
done
for codec in pcm_s16be pcm_s24be pcm_f32be; do make -ac 1 -ar 8000 -c:a $codec "$out/$codec.aiff"; done
make -ac 1 -ar 8000 -c:a pcm_s16le -f rf64 "$out/rf64.wav" 2>/dev/null || true
make -ac 1 -ar 8000 -c:a pcm_s16le "$out/core.caf"
# fragmented, and with its index behind the sound
make -c:a aac -b:a 32k -movflags frag_keyframe+empty_moov "$out/fragments.m4a"
# damaged: the first two thirds of each
for file in "$out"/*; do
    case "$file" in *.cut) continue ;; esac
    head -c $(($(stat -c %s "$file") * 2 / 3)) "$file" > "$file.cut"
done
# prepared PCM: a byte for the target's mode, then a header (rate, frames, frames a block) and samples
prepared() { # MODE RATE FRAMES BLOCK
    python3 - "$@" <<'P'
import struct, sys
mode, rate, frames, block = map(int, sys.argv[1:])
header = b"LOAXAPCM" + struct.pack("<HHIQII", 1, 1, rate, frames, block, 0) + bytes(32)
sys.stdout.buffer.write(bytes([mode]) + header + b"".join(struct.pack("<h", (i * 77) % 30000) for i in range(frames)))
P
}
prepared 1 48000 2000 500 > corpus/prepared/four
prepared 1 8000 10 3 > corpus/prepared/odd
prepared 1 4000 0 1000 > corpus/prepared/empty
prepared 0 48000 100 50 > corpus/prepared/unsealed
find corpus -type f | wc -l
