"""Videos that the tests write themselves; every frame carries its own number in its pixels."""

from fractions import Fraction

import av
import numpy as np

BITS, CELL = 8, 16


def numbered_frame(number: int, size_wh=(160, 96)) -> np.ndarray:
    """Draw a number as black and white cells over a moving pattern, (H, W, 3) uint8."""
    width, height = size_wh
    y, x = np.mgrid[:height, :width]
    frame = np.stack([x + 3 * number, y + number, x + y], axis=-1).astype(np.uint8)
    for bit in range(BITS):
        frame[:CELL, bit * CELL : (bit + 1) * CELL] = 255 * (number >> bit & 1)
    return frame


def read_number(frame: np.ndarray) -> int:
    middle = [frame[CELL // 2, bit * CELL + CELL // 2].mean() > 127 for bit in range(BITS)]
    return sum(int(on) << bit for bit, on in enumerate(middle))


def write_video(
    path,
    *,
    count=90,
    codec="libx264",
    pix_fmt="yuv420p",
    size_wh=(160, 96),
    options=None,
    muxer=None,
    container=None,
    pts=None,
    matrix=None,
    pixel=None,
    sound=None,
    frames=None,
):
    """Write a video of numbered frames, or of those given, with exactly the options asked for."""
    if frames is not None:
        count, size_wh = len(frames), frames[0].shape[1::-1]
    with av.open(str(path), "w", format=container, options=muxer or {}) as out:
        stream = out.add_stream(codec, rate=25, options=options or {})
        stream.width, stream.height = size_wh
        stream.pix_fmt = pix_fmt
        stream.codec_context.time_base = Fraction(1, 1000) if pts else Fraction(1, 25)
        if pixel:
            stream.sample_aspect_ratio = stream.codec_context.sample_aspect_ratio = pixel
        if matrix:
            a, b, c, d = (round(65536 * part) for part in matrix)
            stream.set_display_matrix([a, b, 0, c, d, 0, 0, 0, 1 << 30])
        voice = out.add_stream(sound, rate=48000) if sound else None
        for i in range(count):
            image = numbered_frame(i, size_wh) if frames is None else frames[i]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            frame.pts, frame.time_base = (pts[i] if pts else i), stream.codec_context.time_base
            out.mux(stream.encode(frame))
            if voice:
                out.mux(voice.encode(_hum(i)))
        out.mux(stream.encode())
        if voice:
            out.mux(voice.encode())
    return path


def copy_video(source, path, *, change=None, bsf=None, muxer=None):
    """Write a file's packets anew; `change(packet, number)` returns the data of each, or None."""
    with av.open(str(source)) as old, av.open(str(path), "w", options=muxer or {}) as out:
        video = old.streams.video[0]
        stream = out.add_stream_from_template(video)
        through = av.BitStreamFilterContext(bsf, video) if bsf else None
        count = 0
        for packet in old.demux(video):
            for part in through.filter(packet) if through else [packet]:
                data = change(part, count) if change and part.size else None
                if data is not None:
                    new = av.Packet(data)
                    new.pts, new.dts, new.time_base = part.pts, part.dts, part.time_base
                    new.is_keyframe, part = part.is_keyframe, new
                if part.size:
                    part.stream = stream
                    out.mux(part)
                    count += 1
    return path


def _hum(i: int) -> av.AudioFrame:
    wave = np.sin(np.arange(i * 1920, (i + 1) * 1920) / 20).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(np.stack([wave, wave]), format="fltp", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = 48000, i * 1920, Fraction(1, 48000)
    return frame


def full_decode(path) -> list[np.ndarray]:
    """Decode a whole file plainly, one thread, no seeking: what Clip is held against."""
    frames = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                break
            except IndexError:  # PyAV meets a stream that begins later
                packets = container.demux(stream)
                continue
            try:
                frames += [frame.to_ndarray(format="rgb24") for frame in packet.decode()]
            except av.error.FFmpegError:
                pass
    return frames
