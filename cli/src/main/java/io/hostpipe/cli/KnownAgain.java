package io.hostpipe.cli;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.storage.StreamEnd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** Whether a source that is opened again would give a stream that was delivered whole. */
final class KnownAgain {
  private KnownAgain() {}

  /**
   * What is equal as long as the source is the same: of a file which one it is, its length and when
   * it was written; empty for what nothing is known of.
   */
  static String sign(End source) {
    Address address = source.address();
    return address.scheme().equals(Address.FILE) ? sign(Path.of(address.path())) : "";
  }

  static String sign(Path path) {
    try {
      BasicFileAttributes file = Files.readAttributes(path, BasicFileAttributes.class);
      return file.isRegularFile()
          ? file.fileKey() + " " + file.size() + " " + file.lastModifiedTime()
          : "";
    } catch (IOException | RuntimeException e) {
      // What there is to say of it is said when it is opened.
      return "";
    }
  }

  /**
   * Whether the source would give the stream again that came to this end.
   *
   * @param sign of the source as it is now
   * @throws PipeException Refused when only a person can know
   */
  static boolean gives(StreamEnd end, String sign, PipePlan plan, StreamId stream)
      throws PipeException {
    if (!end.source().isEmpty()) {
      return sign.equals(end.source());
    }
    return switch (plan.restarted()) {
      case REPLAY -> true;
      case CONTINUE -> false;
      case null ->
          throw new PipeException.Refused(
              Status.FAILED_PRECONDITION,
              "the stream "
                  + stream
                  + " was delivered to its end, by a process that was ended before it could say"
                  + " so; say what its source gives now: --restarted replay (the same again:"
                  + " nothing is left to send) or --restarted continue (what follows, as another"
                  + " stream)");
    };
  }
}
