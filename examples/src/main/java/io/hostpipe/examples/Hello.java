package io.hostpipe.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import java.util.ArrayList;
import java.util.List;

/** Chapter 1: a server that answers ACK, and a client that says hello and waits for the answer. */
public final class Hello {
  private Hello() {}

  /**
   * {@code serve} or {@code call}, then an address when it is not the default: {@code
   * raw+tcp://127.0.0.1:8080?frame=lines} for the article's plain sockets.
   */
  public static void main(String[] words) throws Exception {
    boolean serves = words.length > 0 && words[0].equals("serve");
    String scheme = serves ? "tcp-listen" : "tcp";
    String address = words.length > 1 ? words[1] : scheme + "://127.0.0.1:8080/hello";
    if (serves) {
      try (Listener listener = Hostpipe.listen(address)) {
        serve(listener).forEach(text -> IO.println("received: " + text));
      }
    } else {
      call(address).forEach(text -> IO.println("reply: " + text));
    }
  }

  /** Takes one client, and answers each of its messages. */
  static List<String> serve(Listener listener) throws Exception {
    List<String> received = new ArrayList<>();
    try (Pipe pipe = listener.accept()) {
      for (Message message : pipe.messages()) {
        received.add(message.text());
        pipe.send("ACK".getBytes(UTF_8));
        message.commit(); // this is what "ACK" was meant to say, and cannot
      }
      pipe.sink().finish();
    }
    return received;
  }

  /** Says hello; the replies. */
  static List<String> call(String address) throws Exception {
    List<String> replies = new ArrayList<>();
    try (Pipe pipe = Hostpipe.connect(address)) {
      pipe.send("Hello Remote".getBytes(UTF_8)).awaitCommitted();
      pipe.sink().finish(); // no more comes: the server's loop ends, and ours will
      for (Message reply : pipe.messages()) {
        replies.add(reply.text());
        reply.commit();
      }
    }
    return replies;
  }
}
