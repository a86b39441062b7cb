package io.hostpipe.examples;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.DeadLetter;
import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Refused;
import io.hostpipe.Rejection;
import io.hostpipe.Status;
import io.hostpipe.testkit.servers.NatsServer;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(240)
final class PutAsideTest {
  private static final String LONG = "x".repeat(2_000);

  @TempDir private Path folder;
  @TempDir private Path other;

  @Test
  void whatIsRefusedLiesElsewhereWithItsReasonAndTheRestArrives() throws Exception {
    try (NatsServer orders = NatsServer.start(folder, "max_payload: 1000");
        NatsServer refused = NatsServer.start(other)) {
      String place = at(orders, "orders.new?jetstream");
      String aside = at(refused, "orders.refused?jetstream");
      PutAside.send(place, aside, List.of("one", "two", LONG));
      // A later process under the same name goes on behind what is there.
      PutAside.send(place, aside, List.of(LONG.substring(500), "three"));

      List<String> arrived = new ArrayList<>();
      WorkQueue.consume(place + "&until=last", arrived::add);
      assertThat(arrived).containsExactly("one", "two", "three");
      List<String> letters = new ArrayList<>();
      List<DeadLetter> reasons = new ArrayList<>();
      PutAside.look(
          aside + "&until=last",
          (message, letter) -> {
            letters.add(message.text());
            reasons.add(letter);
          });
      assertThat(letters).containsExactly(LONG, LONG.substring(500));
      assertThat(reasons)
          .allSatisfy(letter -> {
            assertThat(letter.stream()).isEqualTo("orders");
            assertThat(letter.why().status()).isEqualTo(Status.OUT_OF_RANGE);
            assertThat(letter.why().reason()).contains("max_payload");
          });
    }
  }

  @Test
  void whatAPeerRefusesLiesElsewhereBeforeItCountsAsDelivered() throws Exception {
    Path aside = folder.resolve("refused");
    try (Listener listener = Hostpipe.listen("tcp-listen://127.0.0.1:0/orders")) {
      Thread peer = Thread.ofVirtual().start(() -> refuseBad(listener));
      String address = "tcp://127.0.0.1:" + listener.address().port() + "/orders";
      try (Pipe pipe = Hostpipe.connect(address, Refused.into(aside.toString()))) {
        pipe.send("good".getBytes(UTF_8));
        pipe.send("bad".getBytes(UTF_8)).awaitCommitted();
        assertThat(Files.readString(aside, ISO_8859_1)).contains("bad", "as asked", address);
        assertThat(pipe.send("good again".getBytes(UTF_8)).awaitCommitted().rejected()).isEmpty();
        pipe.sink().finish();
      }
      peer.join();
    }
  }

  private static void refuseBad(Listener listener) {
    try (Pipe pipe = listener.accept()) {
      for (Message message : pipe.messages()) {
        if (message.text().equals("bad")) {
          message.reject(new Rejection(Status.INVALID_ARGUMENT, "as asked"));
        }
        message.commit();
      }
      pipe.sink().finish();
    } catch (PipeException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aPlaceThatKeepsNothingIsRefusedBeforeAnythingMoves() throws Exception {
    try (NatsServer server = NatsServer.start(folder)) {
      String place = at(server, "orders.new?jetstream");
      assertThatExceptionOfType(PipeException.Config.class)
          .isThrownBy(() -> PutAside.send(place, at(server, "orders.refused"), List.of("one")))
          .withMessageContaining("keeps no messages that survive this process");
      assertThatExceptionOfType(PipeException.Config.class)
          .isThrownBy(() -> PutAside.send(place, place, List.of("one")))
          .withMessageContaining("is where the messages are refused");
    }
  }

  private static String at(NatsServer server, String path) {
    return "nats://127.0.0.1:" + server.port() + "/" + path;
  }
}
