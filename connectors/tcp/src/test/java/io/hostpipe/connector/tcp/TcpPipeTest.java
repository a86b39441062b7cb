package io.hostpipe.connector.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Batch;
import io.hostpipe.Committed;
import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
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
}
