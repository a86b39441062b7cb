package io.hostpipe.connector.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Listener;
import io.hostpipe.Message;
import io.hostpipe.Messages;
import io.hostpipe.Pipe;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.NodeProgram;
import io.hostpipe.testkit.links.Ends;
import io.hostpipe.testkit.tls.TestAuthority;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A client in another language, with another gRPC library, against our service. */
@Timeout(360)
final class NodeClientTest {
  private static final Path PROTO =
      Path.of("src/main/proto/hostpipe/v1/pipes.proto").toAbsolutePath();
  private static final int LEFT_BY_ITSELF = 9;

  private static NodeProgram client;

  private final Ends ends = TestEnds.grpc();

  @BeforeAll
  static void install() throws Exception {
    client = NodeProgram.install(Path.of("src/test/node"), Path.of("target/node"));
  }

  @AfterEach
  void closeAll() {
    ends.close();
  }

  @Test
  void sendsBreaksOffAndGoesOnBehindWhatWasAcknowledged() throws Exception {
    Listener listener =
        ends.listen("in", Ends.UNHURRIED, ends.messages().withDirections(false, true));
    List<String> got = new ArrayList<>();
    InParallel<Object> receiving =
        InParallel.run(() -> {
          Messages messages = ends.accept(listener).messages();
          for (Message message : messages) {
            got.add(message.text());
            message.commit();
          }
          return "finished";
        });
    NodeProgram.Run first = client(listener, "send", "in", "s1", "1000", "leave-after", "400");
    assertThat(first.exit()).as(first.output()).isEqualTo(LEFT_BY_ITSELF);
    NodeProgram.Run second = client(listener, "send", "in", "s1", "1000");
    assertThat(second.exit()).as(second.output()).isZero();
    assertThat(second.output()).contains("opened at 400").contains("finished");
    receiving.join();
    assertThat(got)
        .isEqualTo(IntStream.rangeClosed(1, 1_000).mapToObj(n -> "message " + n).toList());
  }

  @Test
  void receivesAcknowledgesAndGoesOnBehindThat() throws Exception {
    Listener listener =
        ends.listen("out", Ends.UNHURRIED, ends.messages().withDirections(true, false));
    InParallel<Object> sending =
        InParallel.run(() -> {
          Pipe pipe = ends.accept(listener);
          for (int count = 1; count <= 100; count++) {
            pipe.send(("price " + count).getBytes(StandardCharsets.UTF_8));
          }
          pipe.sink().finish();
          return "finished";
        });
    NodeProgram.Run first = client(listener, "receive", "out", "s1", "leave-after", "30");
    assertThat(first.exit()).as(first.output()).isEqualTo(LEFT_BY_ITSELF);
    NodeProgram.Run second = client(listener, "receive", "out", "s1");
    assertThat(second.exit()).as(second.output()).isZero();
    sending.join();
    List<String> lines = second.output().lines().toList();
    assertThat(lines.getLast()).isEqualTo("finished");
    assertThat(lines.get(lines.size() - 2)).isEqualTo("price 100");
    // All that was acknowledged is not sent again; what was only on its way is.
    assertThat(lines.get(1)).isEqualTo("price 31");
    assertThat(lines).doesNotContain("price 30");
  }

  @Test
  void hearsWhatIsWrong() throws Exception {
    Listener listener =
        ends.listen("in", Ends.UNHURRIED, ends.messages().withDirections(false, true));
    NodeProgram.Run lost = client(listener, "send", "nowhere", "s1", "1");
    assertThat(lost.exit()).isEqualTo(1);
    assertThat(lost.output()).contains("5 nobody listens for 'nowhere' here");
  }

  @Test
  void sendsOverTlsWhereItsAuthorityVouchesForTheListener(@TempDir Path folder) throws Exception {
    TestAuthority authority = new TestAuthority(folder, "authority");
    String cert = "&cert=" + authority.issue("db2", "127.0.0.1").file();
    try (Ends secured = new Ends(new GrpcConnector(), "grpcs", cert, "")) {
      Listener listener = secured.listen("in", secured.messages().withDirections(false, true));
      InParallel<Integer> receiving =
          InParallel.run(() -> {
            int count = 0;
            for (Message message : secured.accept(listener).messages()) {
              message.commit();
              count++;
            }
            return count;
          });
      NodeProgram.Run sent =
          clientTrusting(authority.file().toString(), listener, "send", "in", "s1", "100");
      assertThat(sent.exit()).as(sent.output()).isZero();
      assertThat(sent.output()).contains("opened at 0").contains("finished");
      assertThat(receiving.join()).isEqualTo(100);

      NodeProgram.Run plain = client(listener, "send", "in", "s2", "1");
      assertThat(plain.exit()).isEqualTo(1);
      assertThat(plain.output()).contains("9 this port speaks TLS; dial it with grpcs://");
      Path other = new TestAuthority(folder, "other").file();
      NodeProgram.Run distrusting =
          clientTrusting(other.toString(), listener, "send", "in", "s3", "1");
      assertThat(distrusting.exit()).isEqualTo(1);
      assertThat(distrusting.output()).contains("14 ");
    }
  }

  @Test
  void showsItsTokenInTheMetadataOfItsCall(@TempDir Path folder) throws Exception {
    try (Ends guarded = TestEnds.grpc().withToken(folder, "&binding=none")) {
      Listener listener = guarded.listen("in", guarded.messages().withDirections(false, true));
      NodeProgram.Run stranger = client(listener, "send", "in", "s1", "1");
      assertThat(stranger.exit()).isEqualTo(1);
      assertThat(stranger.output()).contains("16 this listener wants a token");
      InParallel<String> receiving =
          InParallel.run(() -> {
            Message message = guarded.accept(listener).messages().iterator().next();
            message.commit();
            return message.text();
          });
      String token = Files.readString(folder.resolve("token")).strip();
      NodeProgram.Run friend = client(Map.of("TOKEN", token), listener, "send", "in", "s1", "1");
      assertThat(friend.exit()).as(friend.output()).isZero();
      assertThat(receiving.join()).isEqualTo("message 1");
    }
  }

  private static NodeProgram.Run client(Listener listener, String... words) throws Exception {
    return client(Map.of(), listener, words);
  }

  private static NodeProgram.Run clientTrusting(
      String authority, Listener listener, String... words) throws Exception {
    return client(Map.of("CA", authority), listener, words);
  }

  private static NodeProgram.Run client(
      Map<String, String> environment, Listener listener, String... words) throws Exception {
    List<String> all = new ArrayList<>(List.of(PROTO.toString(), "" + listener.address().port()));
    all.addAll(List.of(words));
    return client.run(environment, all.toArray(String[]::new));
  }
}
