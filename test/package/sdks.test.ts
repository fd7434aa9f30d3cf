// one file, so that mocha does not install the same SDKs in two processes
import "./sdks/compilers";
import "./sdks/recipes";
import "./sdks/workflows";
