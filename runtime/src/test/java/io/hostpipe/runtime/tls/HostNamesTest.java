package io.hostpipe.runtime.tls;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class HostNamesTest {
  @ParameterizedTest
  @CsvSource({
    "db2.example.org, db2.example.org, true",
    "DB2.example.org, db2.Example.org., true",
    "db2.example.org, db3.example.org, false",
    "*.example.org, db2.example.org, true",
    "*.example.org, a.db2.example.org, false",
    "*.example.org, example.org, false",
    "*.org, example.org, false",
    "*, db2, false",
    "127.0.0.1, 127.0.0.1, true",
    "::1, 0:0:0:0:0:0:0:1, true",
    "*.0.0.1, 127.0.0.1, false",
    "db2, 127.0.0.1, false",
    "127.0.0.1, db2, false"
  })
  void aNameIsForThatHostAlone(String name, String host, boolean covers) {
    assertThat(HostNames.covers(name, host)).isEqualTo(covers);
  }
}
