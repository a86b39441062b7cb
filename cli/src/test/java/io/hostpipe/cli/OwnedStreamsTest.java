package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Holdings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OwnedStreamsTest {
  private static final StreamId ORDERS = new StreamId("orders of büro/1");
  private static final StreamId OTHERS = new StreamId("others");

  @TempDir private Path folder;

  @Test
  void theNextProcessKnowsWhoseAStreamIs() throws PipeException {
    owned().own(ORDERS, "token 'ops'");
    OwnedStreams next = owned();
    assertThat(next.owner(ORDERS)).isEqualTo("token 'ops'");
    assertThat(next.owner(OTHERS)).isNull();
    next.own(ORDERS, "token 'thief'");
    assertThat(owned().owner(ORDERS)).isEqualTo("token 'ops'");
  }

  @Test
  void aLineThatWasTornIsNoneAndDoesNotSpoilTheNext() throws IOException {
    owned().own(ORDERS, "token 'ops'");
    Path file = folder.resolve("state/owners");
    String whole = Files.readString(file);
    Files.writeString(file, whole + whole.substring(0, 10));
    owned().own(OTHERS, "token 'others'");
    assertThat(owned().owner(ORDERS)).isEqualTo("token 'ops'");
    assertThat(owned().owner(OTHERS)).isEqualTo("token 'others'");
  }

  @Test
  void whatCannotBeKeptIsRefusedAndNotRemembered() throws IOException {
    Files.writeString(folder.resolve("state"), "a file where a folder should be");
    assertThatThrownBy(() -> owned().own(ORDERS, "token 'ops'"))
        .isInstanceOf(PipeException.class)
        .hasMessageContaining(folder.resolve("state/owners").toString());
  }

  @Test
  void remembersTheNewestAndThoseOfWhichSomethingIsHeld() throws IOException {
    Path file = folder.resolve("state/owners");
    OwnedStreams owned = new OwnedStreams(new Holding(List.of(ORDERS)), file, 10);
    owned.own(ORDERS, "token 'ops'");
    for (int number = 1; number <= 100; number++) {
      owned.own(new StreamId("stream " + number), "token 'many'");
      assertThat(Files.readAllLines(file)).hasSizeLessThanOrEqualTo(21);
    }
    for (OwnedStreams each : List.of(owned, owned())) {
      assertThat(each.owner(ORDERS)).isEqualTo("token 'ops'");
      assertThat(each.owner(new StreamId("stream 1"))).isNull();
      assertThat(each.owner(new StreamId("stream 91"))).isEqualTo("token 'many'");
      assertThat(each.owner(new StreamId("stream 100"))).isEqualTo("token 'many'");
    }
    assertThat(Files.getPosixFilePermissions(file))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
  }

  private record Holding(List<StreamId> heldStreams) implements Holdings {
    @Override
    public Resume held(StreamId stream) {
      return Resume.START;
    }
  }

  private OwnedStreams owned() {
    return new OwnedStreams(Holdings.NONE, folder.resolve("state/owners"));
  }
}
