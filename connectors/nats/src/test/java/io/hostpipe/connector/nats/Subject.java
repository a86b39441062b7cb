package io.hostpipe.connector.nats;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.testkit.StoreEnds;
import io.hostpipe.testkit.servers.NatsServer;
import io.nats.client.Connection;
import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.PullSubscribeOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** A subject of a test's own, with Hostpipe's ends of it and a client that knows nothing of it. */
final class Subject extends StoreEnds {
  /** How long an answer may take, of JetStream as well. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final NatsServer server;

  /** How Hostpipe's ends call themselves, and how the client does: nothing, or a user with an @. */
  private final String user;

  private final String clientUser;

  /** Where Hostpipe's ends find it. */
  private final int port;

  Subject(NatsServer server) {
    this(server, "", "");
  }

  /** The same behind something that listens on this port. */
  Subject(NatsServer server, int port) {
    this(server, port, "", "");
  }

  /** The same at a server that wants to know who comes. */
  Subject(NatsServer server, String user, String clientUser) {
    this(server, server.port(), user, clientUser);
  }

  private Subject(NatsServer server, int port, String user, String clientUser) {
    super(new NatsConnector(), "test." + UUID.randomUUID());
    this.server = server;
    this.port = port;
    this.user = user;
    this.clientUser = clientUser;
  }

  @Override
  public Address address(String query) throws PipeException {
    return Address.parse("nats://" + user + "127.0.0.1:" + port + "/" + name() + query);
  }

  /** A break stands among the warnings. */
  @Override
  protected void linkDown(String reason) {
    warned(reason);
  }

  /** A client that is closed with the rest, and asks a busy server with patience. */
  Connection client() throws IOException, InterruptedException {
    return closing(
        Nats.connect(
            new Options.Builder()
                .server("nats://" + clientUser + "127.0.0.1:" + server.port())
                .connectionTimeout(PATIENCE)
                .maxReconnects(-1)
                .reconnectWait(Duration.ofMillis(50))
                .errorListener(new io.nats.client.ErrorListener() {})
                .build()));
  }

  /** What a client that knows nothing of Hostpipe finds in JetStream, in its order. */
  List<String> stored() throws Exception {
    Connection client = client();
    List<String> names = client.jetStreamManagement().getStreamNames(name());
    long count =
        client.jetStreamManagement().getStreamInfo(names.getFirst()).getStreamState().getMsgCount();
    JetStreamSubscription subscription =
        client.jetStream().subscribe(name(), PullSubscribeOptions.builder().build());
    List<String> all = new ArrayList<>();
    while (all.size() < count) {
      List<Message> some =
          subscription.fetch((int) Math.min(500, count - all.size()), Duration.ofMinutes(2));
      for (Message each : some) {
        each.ack();
        all.add(new String(each.getData(), StandardCharsets.UTF_8));
      }
    }
    return all;
  }
}
