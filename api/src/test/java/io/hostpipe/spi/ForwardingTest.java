package io.hostpipe.spi;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Sink;
import io.hostpipe.Source;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What stands around a source or a sink and hands on. */
final class ForwardingTest {
  @ParameterizedTest
  @CsvSource({
    "io.hostpipe.Source, io.hostpipe.spi.ForwardingSource",
    "io.hostpipe.Sink, io.hostpipe.spi.ForwardingSink"
  })
  void handsOnEveryMethodAlsoThoseWithADefault(Class<?> contract, Class<?> forwarding)
      throws Exception {
    assertThat(contract).isIn(Source.class, Sink.class);
    for (Method each : contract.getMethods()) {
      if (!Modifier.isStatic(each.getModifiers())) {
        Method found = forwarding.getMethod(each.getName(), each.getParameterTypes());
        assertThat(found.getDeclaringClass()).as(each.toString()).isEqualTo(forwarding);
      }
    }
  }
}
