package io.hostpipe.connector.tail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Address;
import io.hostpipe.Encoding;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.PipeContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that match a pattern, as they are and as they come. */
final class TailListenerTest {
  private final TailConnector connector = new TailConnector();
  @TempDir private Path folder;

  @Test
  void givesEachFileThatMatchesOnceAndWhatComesLater() throws Exception {
    Files.writeString(folder.resolve("app-a.log"), "a\n");
    Files.writeString(folder.resolve("app-b.log"), "b\n");
    Files.writeString(folder.resolve("other.log"), "x\n");
    try (Listener listener = listen("app-*.log")) {
      assertThat(stream(listener)).endsWith("/app-a.log");
      assertThat(stream(listener)).endsWith("/app-b.log");
      CompletableFuture<String> later = CompletableFuture.supplyAsync(() -> stream(listener));
      Files.move(folder.resolve("app-a.log"), folder.resolve("app-a-20261128.log"));
      Files.writeString(folder.resolve("app-a.log"), "a\n");
      Files.writeString(folder.resolve("app-c.log"), "c\n");
      assertThat(later.get(2, TimeUnit.MINUTES)).endsWith("/app-c.log");
    }
  }

  @Test
  void saysThatNoMoreWillComeWhenItIsToStopAtTheEnd() throws Exception {
    Files.writeString(folder.resolve("app-a.log"), "a\n");
    Files.writeString(folder.resolve("app-a.log.1"), "older\n");
    try (Listener listener = listen("app-*", "until", "end")) {
      assertThat(stream(listener)).endsWith("/app-a.log");
      assertThatThrownBy(listener::accept)
          .isInstanceOfSatisfying(
              PipeException.Closed.class, e -> assertThat(e.status()).isEqualTo(Status.OK));
    }
  }

  @Test
  void closingWakesWhoWaits() throws Exception {
    Listener listener = listen("app-*.log", "poll", "1h");
    CompletableFuture<String> waiting = CompletableFuture.supplyAsync(() -> stream(listener));
    listener.close();
    assertThatThrownBy(() -> waiting.get(2, TimeUnit.MINUTES))
        .hasStackTraceContaining("was closed on this side");
  }

  @Test
  void onlyAPatternGivesMany() throws Exception {
    assertThat(connector.kind(Address.parse("tail:./app-*.log"))).isEqualTo(Connector.Kind.LISTENS);
    assertThat(connector.kind(Address.parse("tail:./app.log"))).isEqualTo(Connector.Kind.STORES);
    assertThatThrownBy(() -> connector.check(Address.parse("tail:/no/such/*.log"), true))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("is not in a folder that is there");
  }

  private Listener listen(String glob, String... option) throws PipeException {
    Address address = Address.parse("tail:" + folder + "/" + glob);
    if (option.length > 0) {
      address = address.withOption(option[0], option[1]);
    }
    return connector.listen(
        address, PipeContext.messages(new BlockPool(1 << 20)).withEncoding(Encoding.RAW));
  }

  private static String stream(Listener listener) {
    try (Pipe pipe = listener.accept()) {
      return pipe.source().stream().value();
    } catch (PipeException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
