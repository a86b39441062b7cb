import io.hostpipe.*;

void main() throws Exception {
  try (Listener listener = Hostpipe.listen("tcp-listen://127.0.0.1:9000/orders")) {
    Thread.startVirtualThread(this::send);
    try (Pipe pipe = listener.accept()) {
      for (Message message : pipe.messages()) {
        IO.println("got " + message.text());
        message.commit();
      }
    }
  }
}

void send() {
  try (Pipe pipe = Hostpipe.connect("tcp://127.0.0.1:9000/orders")) {
    pipe.send("two coffees".getBytes()).awaitCommitted();
    pipe.sink().finish();
  } catch (PipeException | InterruptedException e) {
    IO.println(e.getMessage());
  }
}
