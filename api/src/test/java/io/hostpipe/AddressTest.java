package io.hostpipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class AddressTest {
  @Test
  void whatItIsForPeopleIsFoundOnce() throws Exception {
    Address address = Address.parse("tls://user:secret@host:9000/name?token=secret");
    assertThat(address.toString())
        .isEqualTo("tls://user:***@host:9000/name?token=***")
        .isSameAs(address.toString());
  }

  @Test
  void readsAllItsParts() throws Exception {
    Address address =
        Address.parse("tls://ann:s3cret@db2.example:9000/orders/new%20ones?keep&window=8MiB");
    assertThat(address.scheme()).isEqualTo("tls");
    assertThat(address.userInfo()).isEqualTo("ann:s3cret");
    assertThat(address.host()).isEqualTo("db2.example");
    assertThat(address.port()).isEqualTo(9000);
    assertThat(address.path()).isEqualTo("orders/new ones");
    assertThat(address.option("keep")).isEqualTo("true");
    assertThat(address.option("window")).isEqualTo("8MiB");
    assertThat(address.option("none")).isNull();
    assertThat(address.options().keySet()).containsExactly("keep", "window");
  }

  @ParameterizedTest
  @CsvSource({
    "-, stdio, ''",
    "/var/log/x, file, /var/log/x",
    "./x?y=1, file, ./x?y=1",
    "../x, file, ../x",
    "file:x, file, x",
    "file:///tmp/x, file, /tmp/x",
    "file:/tmp/x, file, /tmp/x"
  })
  void readsLocalEnds(String text, String scheme, String path) throws Exception {
    Address address = Address.parse(text);
    assertThat(address.scheme()).isEqualTo(scheme);
    assertThat(address.path()).isEqualTo(path);
    assertThat(address.host()).isEmpty();
    assertThat(address.port()).isEqualTo(-1);
    assertThat(Address.looksLikeOne(text)).isTrue();
  }

  @Test
  void aFileWithItsSchemeHasOptionsAndABarePathHasNone() throws Exception {
    Address address = Address.parse("file:a%20b%3F?append&x=1");
    assertThat(address.path()).isEqualTo("a b?");
    assertThat(address.options().keySet()).containsExactly("append", "x");
    assertThat(Address.parse("./100%?append").path()).isEqualTo("./100%?append");
    assertThat(Address.parse("./100%?append").options()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "tcp://[::1]:9000/x, ::1, 9000, tcp://[::1]:9000/x",
    "tcp://[fe80::1%25eth0]/x, fe80::1%25eth0, -1, tcp://[fe80::1%25eth0]/x",
    "tcp-listen://:9000/x, '', 9000, tcp-listen://:9000/x",
    "tcp://host, host, -1, tcp://host/",
    "tcp://host:0, host, 0, tcp://host:0/"
  })
  void readsHostsAndPorts(String text, String host, int port, String shown) throws Exception {
    Address address = Address.parse(text);
    assertThat(address.host()).isEqualTo(host);
    assertThat(address.port()).isEqualTo(port);
    assertThat(address).hasToString(shown);
  }

  @ParameterizedTest
  @CsvSource({
    "host, not an address",
    "HTTP://host, not an address",
    "://host, not an address",
    "'', not an address",
    "tcp:host:9000, wants '//' behind 'tcp:'",
    "tcp://host:port, a port is a number",
    "tcp://host:65536, a port is a number",
    "tcp://host:-1, a port is a number",
    "tcp://host:, a port is a number",
    "tcp://[::1]9000, a port is a number",
    "tcp://[::1:9000/x, ends with ']'",
    "tcp://::1:9000/x, stands in brackets",
    "tcp://[]:9000/x, has no host between its brackets",
    "tcp://host/%zz, two hexadecimal digits",
    "tcp://host/x?=1, an option has a name",
    "tcp://host/x?a=1&a=2, given twice",
    "file:, a file address is",
    "file:?append, a file address is",
    "file:100%, two hexadecimal digits",
    "file://host/x, a file address is"
  })
  void saysWhatIsWrong(String text, String told) {
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> Address.parse(text))
        .withMessageContaining(told);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tcp://ann:s3cret@host:9000/x",
        "tcp://ann:s3cret@host:port/x",
        "tcp://ann:s3/cret@host:9000/x",
        "tcp://ann:s3@cret@host:port/x",
        "tcp://ann:s3?cret@host:port/x",
        "tcp://ann:s3cret@[::1/x",
        "tcp:ann//ann:s3cret@host/x",
        "Tcp://ann:s3cret@host/x",
        "postgresql//ann:s3cret@host/x",
        "tcp://host/x?token=s3cret",
        "tcp://host:x/x?a=1&password=s3cret&b=2",
        "tcp://:s3cret@host:port/x",
        "tcp://host/%zz?secret=s3cret",
        "tcp://host/x?passphrase=s3cret",
        "nats://host/x?server=ann:s3cret@other:4222",
        "nats://host/x?server=s3cret@other:4222",
        "nats://host/x?server=nats://s3cret@other:4222",
        "nats://host/x?server=nats://ann:s3cret@other:4222",
        "nats://host/%zz?server=ann:s3cret@other:4222",
        "nats://host/%zz?a=1&server=s3cret@other",
        "ws://host/x?proxy=ann:s3cret@proxy:3128",
        "ws://host/x?proxy=s3cret@proxy:3128",
        "ws://host/x?proxy=http://ann:s3cret@proxy:3128",
        "ssh://host?to=nats://s3cret@other/x"
      })
  void neverShowsASecret(String text) {
    String shown;
    try {
      shown = Address.parse(text).toString();
    } catch (PipeException e) {
      shown = String.valueOf(e.getMessage());
    }
    assertThat(shown).doesNotContain("s3cret", "cret@", "cret@h").contains("***");
  }

  @Test
  void keepsTheUsersNameInSight() throws Exception {
    assertThat(Address.parse("tcp://ann:pw@h/x")).hasToString("tcp://ann:***@h/x");
    assertThat(Address.parse("tcp://ann@h/x")).hasToString("tcp://ann@h/x");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nats://s3cret@host/x",
        "nats://s3cret@host:port/x",
        "amqp://s3cret@host/x",
        "amqp:x//s3cret@host/x",
        "nats://s3cret/cret@host/x",
        "nats:///s3cret@host/x",
        "nats://ann:1/s3cret@host/x",
        "nats://s3cret?cret@host/x",
        "nats://ann@s3cret/cret@host/x",
        "nats://s3cret@cret@host:port/x",
        "nats://ann@b:s3cret@host:port/x",
        "nats://s3cret\ncret@host:port/x",
        "amqp://ann:s3cret@cret/s3cret@host/x",
        "ws://host:port/s3cret@x",
        "ann:s3cret@host",
        "s3cret@host/x",
        "exec:git clone https://s3cret@cret@host/x",
        "exec:git clone https://s3cret@host/x"
      })
  void aUserAloneMayBeAToken(String text) {
    neverShowsASecret(text);
  }

  @Test
  void anAtSignBehindTheHostIsWrittenInPercentsWhereItMightEndASecret() throws Exception {
    Address name = Address.parse("amqp://h/a%40b");
    assertThat(name.path()).isEqualTo("a@b");
    assertThat(name).hasToString("amqp://h/a%40b");
    assertThat(Address.parse(name.toString())).isEqualTo(name);
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> Address.parse("amqp://h/a@b"))
        .withMessageContaining("amqp://***@b; in a user or a password write '/' as %2F")
        .withMessageContaining("'@' as %40 everywhere else");
    for (String plain :
        new String[] {
          "tcp://h/a@b",
          "ssh://ann@h/a@b",
          "tls-listen://h/a@b",
          "unix:///run/a@b",
          "raw+unix:///a@b"
        }) {
      assertThat(Address.parse(plain)).hasToString(plain);
    }
  }

  @Test
  void hidesNoMoreOfAServerThanWhoComesToIt() throws Exception {
    assertThat(Address.parse("nats://h/x?server=ann:pw@h2:1&keep"))
        .hasToString("nats://h/x?server=***@h2:1&keep");
    assertThat(Address.parse("nats://h/x?server=h2:1")).hasToString("nats://h/x?server=h2:1");
    assertThat(Address.parse("ws://h/x?proxy=http://ann:pw@p:1"))
        .hasToString("ws://h/x?proxy=http://***@p:1");
    assertThat(Address.parse("nats://s3cret@h/x")).hasToString("nats://***@h/x");
    assertThat(Address.parse("ssh://ann@h/x?to=ssh://bob@h2/x"))
        .hasToString("ssh://ann@h/x?to=ssh://bob@h2/x");
  }

  @Test
  void plusIsAPlusAndOptionsAreDecoded() throws Exception {
    Address address = Address.parse("tcp://h/a+b?x=1%2B1+2&y=%C3%A9");
    assertThat(address.path()).isEqualTo("a+b");
    assertThat(address.option("x")).isEqualTo("1+1+2");
    assertThat(address.option("y")).isEqualTo("é");
  }

  @Test
  void copiesDifferInOnePart() throws Exception {
    Address address = Address.parse("tcp-listen://:0/x?keep");
    assertThat(address.withPort(9000)).hasToString("tcp-listen://:9000/x?keep");
    assertThat(address.withScheme("tcp").withHost("::1")).hasToString("tcp://[::1]:0/x?keep");
    assertThat(address.withOption("backlog", "4").option("backlog")).isEqualTo("4");
    assertThat(address.options()).doesNotContainKey("backlog");
    assertThat(address)
        .isEqualTo(Address.parse("tcp-listen://:0/x?keep"))
        .hasSameHashCodeAs(Address.parse("tcp-listen://:0/x?keep"))
        .isNotEqualTo(address.withPort(1));
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> address.options().put("a", "b"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"append", "keep", "window=8MiB", "x/y", ".", "a:b", "--flag", "Tcp://x"})
  void aWordIsNoAddressByAccident(String word) {
    assertThat(Address.looksLikeOne(word)).isFalse();
  }
}
