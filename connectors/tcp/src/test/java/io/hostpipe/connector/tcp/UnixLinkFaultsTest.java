package io.hostpipe.connector.tcp;

import io.hostpipe.testkit.links.LinkFaults;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** Broken links over the sockets of a folder. */
final class UnixLinkFaultsTest extends LinkFaults {
  UnixLinkFaultsTest(@TempDir Path folder) {
    super(TestEnds.unix(folder));
  }
}
