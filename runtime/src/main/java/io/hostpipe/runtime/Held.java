package io.hostpipe.runtime;

import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.StreamId;
import io.hostpipe.session.SessionConfig.InboundStart;
import io.hostpipe.spi.PipeContext;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a receiver holds of streams that began before it, as its sessions take it. */
final class Held {
  private Held() {}

  /**
   * Of this stream alone; none when it was never met. May read a device.
   *
   * @throws PipeException DataLoss when what it had is damaged
   */
  static Map<String, InboundStart> of(String stream, PipeContext context) throws PipeException {
    if (!context.receives()) {
      return Map.of();
    }
    Resume held = context.holdings().held(new StreamId(stream));
    return held == null ? Map.of() : Map.of(stream, start(stream, held));
  }

  /**
   * Of all streams, for who dials and does not know yet which one comes. One that is damaged is of
   * no concern to the others: its writer is told.
   */
  static Map<String, InboundStart> all(PipeContext context) throws PipeException {
    if (!context.receives()) {
      return Map.of();
    }
    Map<String, InboundStart> all = new HashMap<>();
    for (StreamId each : context.holdings().heldStreams()) {
      InboundStart start = startOf(each, context);
      if (start != null) {
        all.put(each.value(), start);
      }
    }
    return all;
  }

  private static @Nullable InboundStart startOf(StreamId stream, PipeContext context)
      throws PipeException {
    try {
      Resume held = context.holdings().held(stream);
      return held == null ? null : start(stream.value(), held);
    } catch (PipeException.DataLoss e) {
      return InboundStart.damaged(stream.value(), String.valueOf(e.getMessage()));
    }
  }

  private static InboundStart start(String stream, Resume held) {
    Digest digest = held.digest();
    Cursor cursor = held.cursor();
    return new InboundStart(
        stream,
        held.epoch(),
        held.position(),
        digest == null ? null : digest.toLong(),
        cursor == null ? null : cursor.bytes(),
        held.cursorPosition());
  }
}
