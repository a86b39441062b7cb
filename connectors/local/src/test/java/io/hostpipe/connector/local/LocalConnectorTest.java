package io.hostpipe.connector.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Address;
import io.hostpipe.Capabilities;
import io.hostpipe.Hostpipe;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.PipeContext;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LocalConnectorTest {
  private final LocalConnector connector = new LocalConnector();
  private final BlockPool pool = new BlockPool(1 << 20);

  @TempDir private Path folder;

  @Test
  void isFoundForBothSchemes() throws Exception {
    for (String text : new String[] {"-", "./x", "file:x?append"}) {
      Address address = Address.parse(text);
      assertThat(Hostpipe.connector(address)).isInstanceOf(LocalConnector.class);
      assertThat(connector.kind(address.scheme())).isEqualTo(Connector.Kind.STORES);
      assertThat(connector.help(address.scheme())).isNotBlank();
    }
    assertThat(connector.options(Address.FILE)).hasSize(4).allMatch(each -> each.form() == null);
    assertThat(connector.options(Address.STDIO)).isEmpty();
  }

  @Test
  void declaresWhatEachEndCanDo() throws Exception {
    Path regular = Files.createFile(folder.resolve("regular"));
    for (Path path : new Path[] {regular, folder.resolve("new")}) {
      Capabilities file = connector.capabilities(Ends.file(path));
      assertThat(file.replayable()).isTrue();
      assertThat(file.resumes()).isTrue();
      assertThat(file.durable()).isFalse();
      assertThat(file.limit()).contains("must be sent again from its start");
    }
    for (Address sequential : new Address[] {Address.parse("-"), Ends.file(Path.of("/dev/null"))}) {
      Capabilities found = connector.capabilities(sequential);
      assertThat(found.replayable()).isFalse();
      assertThat(found.ordered()).isTrue();
      assertThat(found.limit()).contains("cannot go back");
    }
    assertThat(connector.capabilities(Ends.file(folder)).replayable())
        .as("a directory is refused when it is opened, not here")
        .isTrue();
  }

  @Test
  void refusesOptionsThatItDoesNotHave() throws Exception {
    Address file = Ends.file(folder.resolve("x"), "apend");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> connector.target(file, Ends.raw(pool)))
        .withMessageContaining("'apend'")
        .withMessageContaining("append, overwrite, resume, verify");
    Address stdin = Address.parse("-").withOption("verify", "true");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> connector.source(stdin, Ends.raw(pool)));
    assertThat(folder.resolve("x")).doesNotExist();
  }

  @Test
  void refusesMessages() throws Exception {
    Address file = Ends.file(Files.createFile(folder.resolve("x")));
    PipeContext messages = PipeContext.messages(pool);
    for (Address address : new Address[] {file, Address.parse("-")}) {
      assertThatExceptionOfType(PipeException.Config.class)
          .isThrownBy(() -> connector.source(address, messages))
          .satisfies(e -> assertThat(e.status()).isEqualTo(Status.UNIMPLEMENTED));
      assertThatExceptionOfType(PipeException.Config.class)
          .isThrownBy(() -> connector.target(address, messages));
      assertThatExceptionOfType(PipeException.Config.class)
          .isThrownBy(() -> connector.connect(address, messages));
      assertThatExceptionOfType(PipeException.Config.class)
          .isThrownBy(() -> connector.listen(address, messages))
          .withMessageContaining("cannot listen");
    }
  }

  @Test
  void onlyStandardInputAndOutputAreOnePipe() throws Exception {
    Address file = Ends.file(folder.resolve("x"));
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> connector.connect(file, Ends.raw(pool)))
        .withMessageContaining("has one way only");
    try (Pipe pipe = connector.connect(Address.parse("-"), Ends.raw(pool))) {
      assertThat(pipe.source().stream().value()).startsWith("stdin:");
      assertThat(pipe.sink().resume().position()).isZero();
    }
  }

  @Test
  void checksWithoutMovingOrMakingAnything() throws Exception {
    Path full = Files.writeString(folder.resolve("full"), "12345");
    Path none = folder.resolve("none");
    assertThat(connector.check(Address.parse("-"), true)).isEqualTo("standard input");
    assertThat(connector.check(Address.parse("-"), false)).isEqualTo("standard output");
    assertThat(connector.check(Ends.file(full), true)).endsWith("a file of 5 bytes");
    assertThat(connector.check(Ends.file(full, "append"), false)).endsWith("a file of 5 bytes");
    assertThat(connector.check(Ends.file(none), false)).endsWith("a new file");
    assertThat(connector.check(Ends.file(Path.of("/dev/null")), true)).contains("cannot go back");
    assertThat(connector.check(Ends.file(Path.of("/dev/null")), false)).contains("a device");
    assertThat(none).doesNotExist();
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> connector.check(Ends.file(none), true));
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> connector.check(Ends.file(none.resolve("x")), false));
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> connector.check(Ends.file(full), false));
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> connector.check(Ends.file(folder), true));
  }

  @Test
  void namesAStreamByItsPathUnlessItWasGivenAName() throws Exception {
    Path in = Files.createFile(folder.resolve("in"));
    try (Source source = Ends.source(pool, folder.resolve("./in"))) {
      assertThat(source.stream()).isEqualTo(new StreamId("file:" + in));
    }
    StreamId mine = new StreamId("mine");
    try (Source source = connector.source(Ends.file(in), Ends.raw(pool).withStream(mine))) {
      assertThat(source.stream()).isEqualTo(mine);
    }
    Path odd = Files.createFile(folder.resolve("l".repeat(200) + "\n"));
    try (Source one = Ends.source(pool, odd);
        Source two = Ends.source(pool, odd)) {
      assertThat(one.stream()).isEqualTo(two.stream());
      assertThat(one.stream().value()).startsWith("file:").hasSizeLessThan(60);
    }
  }

  @Test
  void namesEachStandardInputAnew() throws Exception {
    try (Source one = connector.source(Address.parse("-"), Ends.raw(pool));
        Source two = connector.source(Address.parse("-"), Ends.raw(pool))) {
      assertThat(one.stream()).isNotEqualTo(two.stream());
    }
  }

  @Test
  void enlargingWhatIsNoPipeDoesNothing() {
    SystemCalls.enlargePipe(Integer.MAX_VALUE, 1 << 20);
  }
}
