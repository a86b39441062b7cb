package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.runtime.flow.FlowControl;
import io.hostpipe.runtime.flow.Rate;
import io.hostpipe.spi.BlockPool;
import java.time.Duration;
import org.apache.commons.cli.CommandLine;

/** Reads the flags that set a stream's flow by hand. */
final class FlowFlags {
  private static final String MESSAGES = "msg";
  private static final String A_SECOND = "/s";
  private static final int IN_FLIGHT_MAX = 1_000_000_000;

  private FlowFlags() {}

  static FlowControl of(CommandLine line) throws PipeException {
    String rate = Flags.value(line, Flag.RATE);
    String batchBytes = Flags.value(line, Flag.BATCH_BYTES);
    String linger = Flags.value(line, Flag.LINGER);
    String window = Flags.value(line, Flag.WINDOW);
    String inFlight = Flags.value(line, Flag.IN_FLIGHT);
    long windowBytes = Long.MAX_VALUE;
    long windowMessages = Long.MAX_VALUE;
    if (window != null && window.endsWith(MESSAGES)) {
      windowMessages =
          messages(window.substring(0, window.length() - MESSAGES.length()), "--window");
    } else if (window != null) {
      windowBytes = atLeastOne(Quantity.bytes(window, "--window"), "--window");
    }
    if (inFlight != null) {
      windowMessages = Math.min(windowMessages, messages(inFlight, "--in-flight"));
    }
    return new FlowControl(
        rate == null ? null : rate(rate),
        batchBytes == null ? 0 : batchBytes(batchBytes),
        linger == null ? Duration.ZERO : Quantity.duration(linger, "--linger"),
        windowBytes,
        windowMessages);
  }

  private static Rate rate(String text) throws PipeException {
    String amount =
        text.endsWith(A_SECOND) ? text.substring(0, text.length() - A_SECOND.length()) : text;
    if (!amount.endsWith(MESSAGES)) {
      try {
        return new Rate(Quantity.bytesPerSecond(text, "--rate"), false);
      } catch (PipeException e) {
        throw new PipeException.Config(
            "--rate is bytes or messages a second and more than 0, as in 500K, 10MB/s or 5000msg/s,"
                + " not '"
                + text
                + "'");
      }
    }
    return new Rate(
        messages(amount.substring(0, amount.length() - MESSAGES.length()), "--rate"), true);
  }

  private static int batchBytes(String text) throws PipeException {
    long bytes = Quantity.bytes(text, "--batch-bytes");
    if (bytes < 1 || bytes > BlockPool.BLOCK_BYTES_MAX) {
      throw new PipeException.Config(
          "--batch-bytes is from 1 byte to "
              + Quantity.bytesText(BlockPool.BLOCK_BYTES_MAX)
              + ", not "
              + text);
    }
    return (int) bytes;
  }

  private static long messages(String text, String what) throws PipeException {
    return atLeastOne(Quantity.count(text, what, IN_FLIGHT_MAX), what);
  }

  private static long atLeastOne(long number, String what) throws PipeException {
    if (number < 1) {
      throw new PipeException.Config(what + " is at least 1, or nothing would ever move");
    }
    return number;
  }
}
