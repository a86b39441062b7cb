package io.hostpipe.connector.tcp.raw;

import io.hostpipe.Address;
import io.hostpipe.Framing;
import io.hostpipe.PipeException;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.OptionValues;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the addresses of raw ends can say.
 *
 * @param reply the answer to each committed message; null for none
 * @param framing how messages are told apart for a program that uses the library; null for bytes
 * @param linger how long the peer may take to end its direction after ours
 * @param keepAlive after how long an idle connection is asked for a sign of life; null never
 * @param backlog how many connections may wait to be accepted
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record RawOptions(
    byte @Nullable [] reply,
    @Nullable Framing framing,
    Duration linger,
    @Nullable Duration keepAlive,
    int backlog) {
  private static final int REPLY_BYTES_MAX = 4_096;
  private static final int BACKLOG_DEFAULT = 16;
  private static final int BACKLOG_MAX = 100_000;
  private static final Duration LINGER_DEFAULT = Duration.ofSeconds(10);
  private static final Duration KEEPALIVE_DEFAULT = Duration.ofMinutes(1);
  private static final Duration DURATION_MAX = Duration.ofHours(1);

  private static final OptionSpec REPLY =
      OptionSpec.value(
              "reply", "TEXT", null, "answer each message after the destination committed it")
          .ofSource();
  private static final OptionSpec FRAME =
      OptionSpec.value(
          "frame",
          "FRAMING",
          null,
          "in the library: tells messages apart; the command has --frame");
  private static final OptionSpec LINGER =
      OptionSpec.value(
              "linger", "DURATION", "10s", "how long the peer may take to close after our end")
          .ofDestination();
  private static final OptionSpec KEEPALIVE =
      OptionSpec.value(
          "keepalive", "DURATION", "1m", "ask an idle connection for signs of life; 0 never");
  private static final OptionSpec BACKLOG =
      OptionSpec.value("backlog", "N", "16", "how many connections may wait to be accepted");

  /** The options of a scheme. */
  static List<OptionSpec> specs(boolean listens, boolean local) {
    List<OptionSpec> specs = new ArrayList<>(List.of(REPLY, FRAME, LINGER));
    if (!local) {
      specs.add(KEEPALIVE);
    }
    if (listens) {
      specs.add(BACKLOG);
    }
    return List.copyOf(specs);
  }

  /** Reads the options of an address. */
  static RawOptions of(Address address, boolean listens, boolean local) throws PipeException {
    OptionValues.checkNames(address, specs(listens, local));
    String reply = address.option("reply");
    String frame = address.option("frame");
    Duration keepAlive =
        OptionValues.duration(address, "keepalive", KEEPALIVE_DEFAULT, Duration.ZERO, DURATION_MAX);
    return new RawOptions(
        reply == null ? null : unescape(reply, address),
        frame == null ? null : Framing.parse(frame),
        OptionValues.duration(address, "linger", LINGER_DEFAULT, Duration.ZERO, DURATION_MAX),
        keepAlive.isZero() ? null : keepAlive,
        OptionValues.integer(address, "backlog", BACKLOG_DEFAULT, 1, BACKLOG_MAX));
  }

  private static byte[] unescape(String text, Address address) throws PipeException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int index = 0;
    while (index < text.length()) {
      int point = text.codePointAt(index);
      index += Character.charCount(point);
      if (point != '\\') {
        out.writeBytes(Character.toString(point).getBytes(StandardCharsets.UTF_8));
        continue;
      }
      char escaped = index < text.length() ? text.charAt(index++) : ' ';
      switch (escaped) {
        case 'n' -> out.write('\n');
        case 'r' -> out.write('\r');
        case 't' -> out.write('\t');
        case '0' -> out.write(0);
        case '\\' -> out.write('\\');
        case 'x' -> {
          out.write(hexByte(text, index, address));
          index += 2;
        }
        default ->
            throw new PipeException.Config(
                address + ": a backslash in reply= stands before n, r, t, 0, \\ or xHH");
      }
    }
    if (out.size() == 0 || out.size() > REPLY_BYTES_MAX) {
      throw new PipeException.Config(
          address + ": a reply has 1 to " + REPLY_BYTES_MAX + " bytes, this one " + out.size());
    }
    return out.toByteArray();
  }

  private static int hexByte(String text, int index, Address address) throws PipeException {
    try {
      return HexFormat.fromHexDigits(text, index, index + 2);
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      throw new PipeException.Config(address + ": \\x in reply= wants two hexadecimal digits");
    }
  }
}
