package io.hostpipe.connector.tcp.ssh;

import io.hostpipe.Address;
import io.hostpipe.Capabilities;
import io.hostpipe.Encoding;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.StreamId;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.testkit.ConnectorContract;
import io.hostpipe.testkit.ContractPlace;
import io.hostpipe.testkit.ContractWay;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;

/**
 * The contract over the standard input and output of a real child process, which is what runs at
 * the far end of ssh, without ssh in between: that is in the tests of the command.
 */
final class SshContractTest implements ConnectorContract {
  private final ContractPlace place;

  SshContractTest(@TempDir Path folder) throws IOException {
    place = new Place(folder);
  }

  @Override
  public ContractPlace place() {
    return place;
  }

  private static final class Place extends ContractPlace {
    private final SshConnector connector = new SshConnector();
    private final Map<Encoding, Listener> listeners = new EnumMap<>(Encoding.class);
    private final List<Pipe> pipes = new ArrayList<>();
    private final String home = System.getProperty("user.home");
    private final Path program;

    Place(Path folder) throws IOException {
      System.setProperty("user.home", folder.toString());
      program = folder.resolve("ssh");
      Files.writeString(
          program,
          """
          #!/bin/sh
          for word; do last=$word; done
          hostpipe() {
            exec "JAVA" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Duser.home="HOME" -cp "PATHS" MAIN "$3"
          }
          eval "${last#exec }"
          """
              .replace("JAVA", System.getProperty("java.home") + "/bin/java")
              .replace("HOME", folder.toString())
              .replace("PATHS", System.getProperty("java.class.path"))
              .replace("MAIN", SshPassageMain.class.getName()));
      if (!program.toFile().setExecutable(true)) {
        throw new IOException(program + " cannot be made executable");
      }
    }

    @Override
    public Capabilities capabilities() {
      return connector.capabilities(address("ssh://any/any"));
    }

    @Override
    public Set<Ability> abilities() {
      return EnumSet.complementOf(EnumSet.of(Ability.REOPENS));
    }

    @Override
    public ContractWay open(StreamId stream, Encoding encoding)
        throws PipeException, InterruptedException {
      PipeContext context = PipeContext.messages(pool()).withEncoding(encoding);
      Listener listener = listeners.get(encoding);
      if (listener == null) {
        listener = connector.listen(address("ssh-listen:///" + encoding), context);
        listeners.put(encoding, listener);
      }
      Address address = address("ssh://here/" + encoding + "?hostpipe=hostpipe&ssh=" + program);
      Pipe near = connector.connect(address, context.withStream(stream));
      pipes.add(near);
      Pipe far = listener.accept();
      pipes.add(far);
      return ContractWay.between(near, far);
    }

    @Override
    public void close() {
      pipes.forEach(Pipe::close);
      listeners.values().forEach(Listener::close);
      System.setProperty("user.home", home);
    }

    private static Address address(String text) {
      try {
        return Address.parse(text);
      } catch (PipeException e) {
        throw new AssertionError(e);
      }
    }
  }
}
