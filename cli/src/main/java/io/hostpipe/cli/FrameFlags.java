package io.hostpipe.cli;

import io.hostpipe.Framing;
import io.hostpipe.PipeException;
import io.hostpipe.Records;
import org.apache.commons.cli.CommandLine;
import org.jspecify.annotations.Nullable;

/**
 * The flags that make messages of bytes, and bytes of messages.
 *
 * @param frame how they are told apart where bytes are read; null when nobody said
 * @param frameOut the same where bytes are written
 * @param messageBytesMax the longest message
 * @param splits whether a longer one comes in parts
 */
record FrameFlags(
    @Nullable Framing frame, @Nullable Framing frameOut, int messageBytesMax, boolean splits) {
  /** What happens to a message that is too long. */
  enum Over {
    FAIL,
    SPLIT
  }

  static FrameFlags of(CommandLine line) throws PipeException {
    String max = Flags.value(line, Flag.MESSAGE_MAX);
    Over over = Flags.choiceOrNull(line, Flag.MESSAGE_OVER, Over.class);
    FrameFlags flags =
        new FrameFlags(
            framing(line, Flag.FRAME),
            framing(line, Flag.FRAME_OUT),
            max == null ? Records.PAYLOAD_BYTES_MAX : max(max),
            over == Over.SPLIT);
    if (flags.frame == null && (max != null || over != null)) {
      throw new PipeException.Config(
          "--"
              + (max == null ? Flag.MESSAGE_OVER : Flag.MESSAGE_MAX).word()
              + " is about messages; say with --frame how they are told apart");
    }
    return flags;
  }

  private static @Nullable Framing framing(CommandLine line, Flag flag) throws PipeException {
    String text = Flags.value(line, flag);
    try {
      return text == null ? null : Framing.parse(text);
    } catch (PipeException e) {
      throw new PipeException.Config("--" + flag.word() + ": " + e.getMessage());
    }
  }

  private static int max(String text) throws PipeException {
    long bytes = Quantity.bytes(text, "--message-max");
    if (bytes < 1 || bytes > Records.PAYLOAD_BYTES_MAX) {
      throw new PipeException.Config(
          "--message-max is from 1 byte to "
              + Quantity.bytesText(Records.PAYLOAD_BYTES_MAX)
              + ", not "
              + text
              + "; larger things pass as bytes, without --frame");
    }
    return (int) bytes;
  }
}
