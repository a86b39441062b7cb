package io.hostpipe.cli;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.instruction.MonitorInstruction;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.Timer;
import java.util.UUID;
import javax.tools.JavaCompiler;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The arrows between the modules, and what main code never does.
 *
 * <p>Everything shares one class path, so nothing but these rules holds the arrows. Each rule comes
 * with a class that breaks it: a rule that lets its own offender pass is itself a failure.
 */
final class ArchitectureTest {
  private static final String API = "io.hostpipe";
  private static final String SPI = "io.hostpipe.spi..";
  private static final String SESSION = "io.hostpipe.session..";
  private static final String STORAGE = "io.hostpipe.storage..";
  private static final String RUNTIME = "io.hostpipe.runtime..";
  private static final String CONNECTORS = "io.hostpipe.connector..";
  private static final String TESTKIT = "io.hostpipe.testkit..";
  private static final String CLI = "io.hostpipe.cli..";

  /** Connectors whose schemes are links: they drive sessions, and so may use the runtime. */
  private static final String[] LINK_CONNECTORS = {
    "io.hostpipe.connector.tcp..",
    "io.hostpipe.connector.grpc..",
    "io.hostpipe.connector.websocket.."
  };

  private static JavaClasses main;
  private static JavaClasses offenders;

  @BeforeAll
  static void importEveryModule() {
    main =
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.hostpipe");
  }

  @BeforeAll
  static void importEveryOffender(@TempDir Path out) {
    offenders = compileOffenders(out);
  }

  @ParameterizedTest
  @EnumSource
  void holds(Rule rule) {
    rule.rule.check(main);
  }

  @ParameterizedTest
  @EnumSource
  void isBrokenByItsOffender(Rule rule) {
    for (int i = 0; i < rule.offenders.size(); i++) {
      Offender offender = rule.offenders.get(i);
      String className = offender.packageName() + "." + offenderName(rule, i);
      JavaClasses alone =
          offenders.that(
              DescribedPredicate.describe(className, found -> found.getName().equals(className)));
      assertThat(alone).as("the class of %s", offender).hasSize(1);
      assertThat(rule.rule.evaluate(alone).hasViolation())
          .as("%s must refuse %s", rule, offender)
          .isTrue();
    }
  }

  private static String offenderName(Rule rule, int index) {
    return rule.name() + "_" + index;
  }

  /** A class in the given package, whose only method has the given statements. */
  record Offender(String packageName, String statements) {
    String source(String className) {
      return """
      package %s;
      class %s {
        Object offend() throws Throwable {
          %s
        }
      }
      """
          .formatted(packageName, className, statements);
    }
  }

  enum Rule {
    API_KNOWS_ONLY_THE_JDK(
        classes()
            .that(resideInAnyPackage(API, SPI))
            .should()
            .onlyDependOnClassesThat(
                resideInAnyPackage(API, SPI, "java..", "javax.net.ssl..", "org.jspecify..")),
        new Offender("io.hostpipe", "return io.hostpipe.session.Peer.class;"),
        new Offender("io.hostpipe.spi", "return io.hostpipe.runtime.Peer.class;"),
        new Offender("io.hostpipe", "return org.assertj.core.api.Assertions.class;")),

    SESSION_KNOWS_NOTHING_THAT_BLOCKS_OR_DIFFERS_BETWEEN_RUNS(
        classes()
            .that(resideInAPackage(SESSION))
            .should()
            .onlyDependOnClassesThat(
                resideInAnyPackage(
                    SESSION,
                    "java.lang",
                    "java.lang.annotation",
                    "java.util",
                    "java.util.function",
                    "java.util.stream",
                    "java.util.zip",
                    "java.nio",
                    "java.nio.charset",
                    "org.jspecify..")),
        new Offender("io.hostpipe.session", "return io.hostpipe.Peer.class;"),
        new Offender("io.hostpipe.session", "return java.time.Instant.now();"),
        new Offender("io.hostpipe.session", "return java.nio.channels.SocketChannel.open();"),
        new Offender("io.hostpipe.session", "return java.nio.file.Path.of(\"x\");"),
        new Offender(
            "io.hostpipe.session", "return new java.util.concurrent.atomic.AtomicLong();")),

    SESSION_TOUCHES_NO_CLOCK_THREAD_OR_RANDOMNESS(
        noClasses()
            .that(resideInAPackage(SESSION))
            .should()
            .dependOnClassesThat()
            .belongToAnyOf(
                Thread.class,
                Runtime.class,
                Process.class,
                ProcessBuilder.class,
                Timer.class,
                Random.class,
                SplittableRandom.class)
            .orShould()
            .callMethod(Math.class, "random")
            .orShould()
            .callMethod(UUID.class, "randomUUID")
            .orShould()
            .accessTargetWhere(isSystemButArraycopy()),
        new Offender("io.hostpipe.session", "return System.nanoTime();"),
        new Offender("io.hostpipe.session", "return System.currentTimeMillis();"),
        new Offender("io.hostpipe.session", "System.out.println(); return null;"),
        new Offender("io.hostpipe.session", "return Math.random();"),
        new Offender("io.hostpipe.session", "return new java.util.Random(1);"),
        new Offender("io.hostpipe.session", "return java.util.UUID.randomUUID();"),
        new Offender("io.hostpipe.session", "return Thread.currentThread();")),

    STORAGE_KNOWS_API(
        classes()
            .that(resideInAPackage(STORAGE))
            .should()
            .onlyDependOnClassesThat(
                resideInAnyPackage(STORAGE, API, SPI, "java..", "org.jspecify..")),
        new Offender("io.hostpipe.storage", "return io.hostpipe.runtime.Peer.class;"),
        new Offender("io.hostpipe.storage", "return io.hostpipe.session.Peer.class;")),

    RUNTIME_KNOWS_SESSION_AND_API(
        noClasses()
            .that(resideInAPackage(RUNTIME))
            .should()
            .dependOnClassesThat(resideInAnyPackage(CONNECTORS, TESTKIT, CLI)),
        new Offender("io.hostpipe.runtime", "return io.hostpipe.cli.Peer.class;"),
        new Offender("io.hostpipe.runtime", "return io.hostpipe.testkit.Peer.class;")),

    CONNECTORS_KNOW_API(
        noClasses()
            .that(resideInAPackage(CONNECTORS))
            .should()
            .dependOnClassesThat(resideInAnyPackage(SESSION, TESTKIT, CLI)),
        new Offender("io.hostpipe.connector.local", "return io.hostpipe.session.Peer.class;"),
        new Offender("io.hostpipe.connector.tcp", "return io.hostpipe.cli.Peer.class;")),

    ONLY_LINK_CONNECTORS_KNOW_RUNTIME(
        noClasses()
            .that(resideInAPackage(CONNECTORS))
            .and(DescribedPredicate.not(resideInAnyPackage(LINK_CONNECTORS)))
            .should()
            .dependOnClassesThat(resideInAPackage(RUNTIME)),
        new Offender("io.hostpipe.connector.local", "return io.hostpipe.runtime.Peer.class;")),

    CONNECTORS_DO_NOT_KNOW_EACH_OTHER(
        slices().matching("io.hostpipe.connector.(*)..").should().notDependOnEachOther(),
        new Offender(
            "io.hostpipe.connector.local", "return io.hostpipe.connector.tcp.Peer.class;")),

    NOBODY_KNOWS_A_CONNECTOR_BY_NAME(
        noClasses()
            .that(DescribedPredicate.not(resideInAPackage(CONNECTORS)))
            .should()
            .dependOnClassesThat(resideInAPackage(CONNECTORS)),
        new Offender("io.hostpipe.cli", "return io.hostpipe.connector.tcp.Peer.class;"),
        new Offender("io.hostpipe.runtime", "return io.hostpipe.connector.local.Peer.class;")),

    ONLY_ITS_CONNECTOR_KNOWS_GRPC(
        noClasses()
            .that(DescribedPredicate.not(resideInAPackage("io.hostpipe.connector.grpc..")))
            .should()
            .dependOnClassesThat(
                resideInAnyPackage("io.grpc..", "io.netty..", "com.google.protobuf..")),
        new Offender("io.hostpipe.cli", "return io.grpc.Status.OK;"),
        new Offender("io.hostpipe.connector.tcp", "return io.grpc.Metadata.class;")),

    ONLY_ITS_CONNECTOR_KNOWS_KAFKA(
        noClasses()
            .that(DescribedPredicate.not(resideInAPackage("io.hostpipe.connector.kafka..")))
            .should()
            .dependOnClassesThat(resideInAPackage("org.apache.kafka..")),
        new Offender("io.hostpipe.cli", "return org.apache.kafka.common.Uuid.class;")),

    ONLY_ITS_CONNECTOR_KNOWS_NATS(
        noClasses()
            .that(DescribedPredicate.not(resideInAPackage("io.hostpipe.connector.nats..")))
            .should()
            .dependOnClassesThat(resideInAPackage("io.nats..")),
        new Offender("io.hostpipe.cli", "return io.nats.client.NUID.class;")),

    ONLY_ITS_CONNECTOR_KNOWS_RABBITMQ(
        noClasses()
            .that(DescribedPredicate.not(resideInAPackage("io.hostpipe.connector.rabbitmq..")))
            .should()
            .dependOnClassesThat(resideInAPackage("com.rabbitmq..")),
        new Offender("io.hostpipe.cli", "return com.rabbitmq.client.Address.class;")),

    COMMAND_DRIVES_THE_RUNTIME_NOT_THE_SESSION(
        noClasses()
            .that(resideInAPackage(CLI))
            .should()
            .dependOnClassesThat(resideInAnyPackage(SESSION, TESTKIT)),
        new Offender("io.hostpipe.cli", "return io.hostpipe.session.Peer.class;")),

    MAIN_CODE_NEVER_SLEEPS(
        noClasses()
            .should()
            .accessTargetWhere(
                JavaAccess.Predicates.target(
                        com.tngtech.archunit.core.domain.properties.HasName.Predicates.name(
                            "sleep"))
                    .and(
                        JavaAccess.Predicates.targetOwner(
                            DescribedPredicate.or(
                                JavaClass.Predicates.assignableTo(Thread.class),
                                JavaClass.Predicates.type(java.util.concurrent.TimeUnit.class)))))
            .as("no class should sleep"),
        new Offender("io.hostpipe.runtime", "Thread.sleep(1); return null;"),
        new Offender(
            "io.hostpipe.cli", "java.util.concurrent.TimeUnit.SECONDS.sleep(1); return null;")),

    MAIN_CODE_NEVER_SYNCHRONIZES(
        classes().should(notSynchronize()),
        new Offender("io.hostpipe.runtime", "synchronized (this) { return null; }"),
        new Offender("io.hostpipe.runtime", "return null; } synchronized void offendAgain() {"));

    private final ArchRule rule;
    private final List<Offender> offenders;

    Rule(ArchRule rule, Offender... offenders) {
      this.rule = rule;
      this.offenders = List.of(offenders);
    }
  }

  private static DescribedPredicate<JavaAccess<?>> isSystemButArraycopy() {
    Set<String> allowed = Set.of("arraycopy", "identityHashCode");
    return DescribedPredicate.describe(
        "target is a member of System other than arraycopy",
        access ->
            access.getTargetOwner().isEquivalentTo(System.class)
                && !allowed.contains(access.getTarget().getName()));
  }

  /** Looks for the modifier and, in the class file, for the instruction. */
  private static ArchCondition<JavaClass> notSynchronize() {
    return new ArchCondition<>("not synchronize") {
      @Override
      public void check(JavaClass javaClass, ConditionEvents events) {
        for (var method : javaClass.getMethods()) {
          if (method.getModifiers().contains(JavaModifier.SYNCHRONIZED)) {
            events.add(
                SimpleConditionEvent.violated(
                    javaClass, method.getFullName() + " is a synchronized method"));
          }
        }
        var model = ClassFile.of().parse(bytesOf(javaClass));
        for (var method : model.methods()) {
          boolean blocks =
              method.code().stream()
                  .flatMap(code -> code.elementStream())
                  .anyMatch(MonitorInstruction.class::isInstance);
          if (blocks) {
            events.add(
                SimpleConditionEvent.violated(
                    javaClass,
                    javaClass.getName()
                        + "."
                        + method.methodName().stringValue()
                        + " has a synchronized block"));
          }
        }
      }
    };
  }

  private static byte[] bytesOf(JavaClass javaClass) {
    URI uri = javaClass.getSource().orElseThrow().getUri();
    try (InputStream in = uri.toURL().openStream()) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Compiles them all beside an empty class {@code Peer} in each package of ours. */
  private static JavaClasses compileOffenders(Path out) {
    List<SimpleJavaFileObject> sources = new ArrayList<>();
    for (Rule rule : Rule.values()) {
      for (int i = 0; i < rule.offenders.size(); i++) {
        Offender offender = rule.offenders.get(i);
        String className = offenderName(rule, i);
        sources.add(source(offender.packageName() + "." + className, offender.source(className)));
      }
    }
    for (String name :
        List.of(
            "io.hostpipe",
            "io.hostpipe.session",
            "io.hostpipe.storage",
            "io.hostpipe.runtime",
            "io.hostpipe.connector.local",
            "io.hostpipe.connector.tcp",
            "io.hostpipe.connector.kafka",
            "io.hostpipe.connector.nats",
            "io.hostpipe.connector.rabbitmq",
            "io.hostpipe.connector.websocket",
            "io.hostpipe.testkit",
            "io.hostpipe.cli")) {
      sources.add(source(name + ".Peer", "package " + name + "; public class Peer {}"));
    }
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    List<String> options = List.of("-d", out.toString(), "-proc:none");
    assertThat(compiler.getTask(null, null, null, options, null, sources).call()).isTrue();
    return new ClassFileImporter().importPath(out);
  }

  private static SimpleJavaFileObject source(String className, String text) {
    URI uri = URI.create("string:///" + className.replace('.', '/') + ".java");
    return new SimpleJavaFileObject(uri, SimpleJavaFileObject.Kind.SOURCE) {
      @Override
      public CharSequence getCharContent(boolean ignoreEncodingErrors) {
        return text;
      }
    };
  }
}
