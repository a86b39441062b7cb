package io.hostpipe.connector.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Batch;
import io.hostpipe.Committed;
import io.hostpipe.Encoding;
import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(240)
final class TcpPipeTest {
  @Test
  void messagesGoBothWaysAndAreCommitted() throws Exception {
    try (Listener listener = Hostpipe.listen("tcp-listen://127.0.0.1:0/orders");
        Pipe client = Hostpipe.connect("tcp://127.0.0.1:" + listener.address().port() + "/orders");
        Pipe server = listener.accept()) {
      Pipe.Sent sent = client.send("hello".getBytes(StandardCharsets.UTF_8));
      Iterator<Message> incoming = server.messages().iterator();
      Message message = incoming.next();
      assertThat(message.text()).isEqualTo("hello");
      message.commit();
      server.send("back".getBytes(StandardCharsets.UTF_8));
      Committed committed = sent.awaitCommitted();
      assertThat(committed.position()).isEqualTo(sent.endPosition());
      try (Batch batch = Objects.requireNonNull(client.source().read())) {
        client.source().commit(batch.endPosition());
      }
      client.sink().finish();
      assertThat(incoming.hasNext()).isFalse();
      server.sink().finish();
      assertThat(client.source().read()).isNull();
    }
  }

  @Test
  void bytesGoThroughStreamsAndOptionsStandInTheAddress() throws Exception {
    try (Listener listener =
            Hostpipe.listen("tcp-listen://127.0.0.1:0/file?heartbeat=2s&backlog=4", Encoding.RAW);
        Pipe client =
            Hostpipe.connect(
                "tcp://127.0.0.1:" + listener.address().port() + "/file?window=64KiB",
                Encoding.RAW);
        Pipe server = listener.accept();
        InputStream in = server.inputStream()) {
      byte[] sent = new byte[1_000_000];
      new Random(1).nextBytes(sent);
      CompletableFuture<Void> writing =
          CompletableFuture.runAsync(() -> {
            try (OutputStream out = client.outputStream()) {
              out.write(sent);
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          });
      assertThat(in.readAllBytes()).isEqualTo(sent);
      writing.get();
    }
  }

  @Test
  void anOptionThatNobodyKnowsIsRefusedBeforeAnythingIsDialed() {
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> Hostpipe.connect("tcp://127.0.0.1:1/file?windows=64KiB"))
        .withMessageContaining("has no option 'windows'; there are heartbeat");
  }
}
