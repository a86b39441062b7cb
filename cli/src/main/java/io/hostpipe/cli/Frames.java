package io.hostpipe.cli;

import io.hostpipe.Encoding;
import io.hostpipe.FrameDecoder;
import io.hostpipe.Framing;
import io.hostpipe.Hostpipe;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.FramedSink;
import io.hostpipe.spi.FramedSource;
import io.hostpipe.spi.FramedTarget;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whether a pipe carries messages, and how they are told apart where its ends are bytes.
 *
 * <p>Connectors know nothing of it: an end of bytes is opened for bytes and wrapped here.
 *
 * @param in where bytes are read; null where none are, or the pipe carries bytes
 * @param out where bytes are written
 * @param flags the limits
 * @param passesRefused whether messages are written behind one that the framing cannot carry
 */
record Frames(
    @Nullable Framing in, @Nullable Framing out, FrameFlags flags, boolean passesRefused) {
  /**
   * What the flags mean for these ends.
   *
   * @throws PipeException Config when they mean nothing for them
   */
  static Frames of(FrameFlags flags, End source, List<End> sinks, boolean duplex)
      throws PipeException {
    Framing frame = flags.frame();
    Framing frameOut = flags.frameOut();
    boolean messages = isMessages(frame) || isMessages(frameOut);
    boolean readsBytes = isBytes(source) || (duplex && isBytes(sinks.getFirst()));
    boolean writesBytes = sinks.stream().anyMatch(Frames::isBytes) || (duplex && isBytes(source));
    if (frameOut != null && !writesBytes) {
      throw new PipeException.Config(
          "--frame-out says how messages are written where bytes go, and "
              + sinks.getFirst()
              + " carries messages as they are; give it to the command on the other host");
    }
    if (messages && readsBytes && !isMessages(frame)) {
      throw new PipeException.Config(
          "--frame-out "
              + frameOut
              + " needs messages, and "
              + (isBytes(source) ? source : sinks.getFirst())
              + " gives bytes: say with --frame how to tell messages apart in them");
    }
    if (!messages) {
      return new Frames(null, null, flags, false);
    }
    return new Frames(frame, frameOut == null ? frame : frameOut, flags, false);
  }

  /** The same where somebody keeps what is refused. */
  Frames passingRefused() {
    return new Frames(in, out, flags, true);
  }

  /** Whether the pipe carries messages. */
  boolean messages() {
    return in != null || out != null;
  }

  /** A program in between takes bytes: the messages of this source could not pass it. */
  void refuseMessagesOf(End source) throws PipeException {
    if (encoding(source) == Encoding.RECORDS) {
      throw new PipeException.Config(
          "a program takes bytes, and "
              + source
              + " carries messages here; give --through to the command that makes messages of"
              + " bytes");
    }
  }

  /** For what an end is opened. */
  Encoding encoding(End end) {
    return messages() && !isBytes(end) ? Encoding.RECORDS : Encoding.RAW;
  }

  /** The messages of a source. */
  Source around(End end, Source source) {
    if (in == null || !isBytes(end)) {
      return source;
    }
    FrameDecoder decoder = in.decoder(flags.messageBytesMax());
    return new FramedSource(
        source, flags.splits() ? decoder.splitting() : decoder, Hostpipe.pool(), end.toString());
  }

  /** A target for messages. */
  Target around(End end, Target target) {
    return out == null || !isBytes(end)
        ? target
        : new FramedTarget(target, out, Hostpipe.pool(), !passesRefused);
  }

  /** A sink for messages. Blocks until it is known where it stands. */
  Sink around(End end, StreamId stream, Sink sink) throws PipeException, InterruptedException {
    return out == null || !isBytes(end)
        ? sink
        : new FramedSink(stream, sink, out, Hostpipe.pool(), !passesRefused);
  }

  private static boolean isMessages(@Nullable Framing framing) {
    return framing != null && !framing.equals(Framing.RAW);
  }

  private static boolean isBytes(End end) {
    return !end.capabilities().messages();
  }
}
