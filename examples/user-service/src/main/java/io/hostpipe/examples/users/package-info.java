/** The article's UserService: as unary calls of gRPC, and as a pipe of questions and answers. */
@NullMarked
package io.hostpipe.examples.users;

import org.jspecify.annotations.NullMarked;
