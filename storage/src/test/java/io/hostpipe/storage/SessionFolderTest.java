package io.hostpipe.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.PipeException;
import io.hostpipe.StreamId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SessionFolderTest {
  @TempDir Path temp;

  private SessionFolder folder;

  @BeforeEach
  void openFolder() {
    folder = new SessionFolder(RealDisk.INSTANCE, temp.resolve("sessions"));
  }

  @Test
  void aSessionStaysOnItsStreamUntilThatHasEnded() throws IOException {
    assertThat(started("nightly")).isEqualTo(new StreamId("nightly"));
    try (SessionFolder.Session again = open("nightly")) {
      assertThat(again.stream()).isEqualTo(new StreamId("nightly"));
      end(again);
    }
    assertThat(started("nightly")).isEqualTo(new StreamId("nightly#2"));
    assertThat(started("nightly")).isEqualTo(new StreamId("nightly#2"));
  }

  @Test
  void anEndThatNobodyHeardOfIsKeptUntilItIsTold() throws IOException {
    try (SessionFolder.Session session = open("nightly")) {
      assertThat(session.untold()).isNull();
      session.finished(7, "inode 1, 2 bytes");
    }
    for (int start = 0; start < 2; start++) {
      try (SessionFolder.Session again = open("nightly")) {
        assertThat(again.stream()).isEqualTo(new StreamId("nightly"));
        assertThat(again.untold()).isEqualTo(new StreamEnd(true, false, 7, "inode 1, 2 bytes"));
      }
    }
    try (SessionFolder.Session again = open("nightly")) {
      again.told();
    }
    assertThat(started("nightly")).isEqualTo(new StreamId("nightly#2"));
  }

  @Test
  void whoeverKnowsOfNothingToTellBeginsAnotherStream() throws IOException {
    try (SessionFolder.Session session = open("a")) {
      session.finished(0, "");
    }
    try (SessionFolder.Session again = open("a")) {
      again.next();
      assertThat(again.untold()).isNull();
      assertThat(again.stream()).isEqualTo(new StreamId("a#2"));
    }
    assertThat(started("a")).isEqualTo(new StreamId("a#2"));
  }

  @Test
  void anUntoldEndIsNoneOfOtherAddresses() throws IOException {
    try (SessionFolder.Session session = open("a")) {
      session.finished(0, "");
    }
    try (SessionFolder.Session other = folder.open("a", "-", "tcp://other:1/x", "a")) {
      assertThat(other.untold()).isNull();
      assertThat(other.stream()).isEqualTo(new StreamId("a#2"));
    }
  }

  @Test
  void oneProcessAtATimeHasASession() throws IOException {
    try (SessionFolder.Session held = open("a")) {
      assertThatThrownBy(() -> open("a"))
          .isInstanceOf(PipeException.Refused.class)
          .hasMessageContaining("'a' is in use by this very process");
      assertThat(held.stream().value()).isEqualTo("a");
    }
    assertThat(started("a").value()).isEqualTo("a");
  }

  @Test
  void aSessionKeepsItsAddresses() throws IOException {
    started("a");
    assertThatThrownBy(() -> folder.open("a", "-", "tcp://other:1/x", "a"))
        .isInstanceOf(PipeException.Refused.class)
        .hasMessageContaining("from - to tcp://host:1/x")
        .hasMessageContaining("session reset a");
  }

  @Test
  void whatHasEndedMayBeginAgainElsewhere() throws IOException {
    try (SessionFolder.Session session = open("a")) {
      end(session);
    }
    try (SessionFolder.Session other = folder.open("a", "-", "tcp://other:1/x", "a")) {
      assertThat(other.stream()).isEqualTo(new StreamId("a#2"));
    }
    assertThat(folder.list().getFirst().state().to()).isEqualTo("tcp://other:1/x");
  }

  @Test
  void whatWasResetBeginsAnew() throws IOException {
    started("a");
    assertThat(folder.reset("a")).isEqualTo(new StreamId("a"));
    assertThat(started("a")).isEqualTo(new StreamId("a#2"));
    assertThatThrownBy(() -> folder.reset("b"))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("no session 'b'");
  }

  @Test
  void aTakeoverIsRememberedUntilTheStreamHasEnded() throws IOException {
    started("a");
    folder.takeOver("a");
    try (SessionFolder.Session session = open("a")) {
      assertThat(session.takesOver()).isTrue();
      end(session);
    }
    try (SessionFolder.Session session = open("a")) {
      assertThat(session.takesOver()).isFalse();
    }
  }

  @Test
  void sessionsAreListedByName() throws IOException {
    assertThat(folder.list()).isEmpty();
    started("b");
    started("- -> tcp://host:1/ä");
    started("a");
    List<String> keys = folder.list().stream().map(each -> each.state().key()).toList();
    assertThat(keys).containsExactlyInAnyOrder("a", "b", "- -> tcp://host:1/ä");
    assertThat(folder.list()).allSatisfy(each -> assertThat(each.holder()).isNull());
  }

  @Test
  void aDamagedFileIsNamedAndNotBelieved() throws IOException {
    started("a");
    Path file = temp.resolve("sessions/a.session");
    Files.writeString(file, Files.readString(file).replace("\n1\n", "\n7\n"));
    assertThatThrownBy(() -> open("a"))
        .isInstanceOf(PipeException.DataLoss.class)
        .hasMessageContaining(file + " is damaged");
    Files.writeString(file, "");
    assertThatThrownBy(() -> open("a")).isInstanceOf(PipeException.DataLoss.class);
  }

  private static void end(SessionFolder.Session session) throws IOException {
    session.finished(0, "");
    session.told();
  }

  private StreamId started(String key) throws IOException {
    try (SessionFolder.Session session = open(key)) {
      return session.stream();
    }
  }

  private SessionFolder.Session open(String key) throws IOException {
    return folder.open(key, "-", "tcp://host:1/x", key);
  }
}
