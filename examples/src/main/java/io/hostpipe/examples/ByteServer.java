package io.hostpipe.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.hostpipe.Encoding;
import io.hostpipe.Hostpipe;
import io.hostpipe.Pipe;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** Section 2.2: a server of bytes that takes all of them, however they are cut, and answers. */
public final class ByteServer {
  private ByteServer() {}

  /** Serves one client: what it sends goes to the stream, and it hears how much that was. */
  static long serve(Pipe pipe, OutputStream to) throws IOException {
    InputStream in = pipe.inputStream();
    long lengthBytes = in.transferTo(to); // to the end, not to the first 1,024 bytes
    OutputStream out = pipe.outputStream();
    out.write(("ACK " + lengthBytes).getBytes(UTF_8));
    out.close(); // finished, and the client has it
    return lengthBytes;
  }

  /** Sends everything and waits for the answer. */
  static String call(String address, InputStream from) throws IOException {
    try (Pipe pipe = Hostpipe.connect(address, Encoding.RAW)) {
      OutputStream out = pipe.outputStream();
      from.transferTo(out);
      out.close(); // an exception before this line aborts: no half is ever taken for the whole
      return new String(pipe.inputStream().readAllBytes(), UTF_8);
    }
  }
}
