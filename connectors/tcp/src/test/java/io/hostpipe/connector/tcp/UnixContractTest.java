package io.hostpipe.connector.tcp;

import io.hostpipe.testkit.links.LinkContract;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The contract over sockets in the file system. */
final class UnixContractTest extends LinkContract {
  UnixContractTest(@TempDir Path folder) {
    super(TestEnds.unix(folder));
  }
}
