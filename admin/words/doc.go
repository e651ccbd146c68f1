// Package words says in a language's words what the other parts know as codes: runs, what they plan and what
// they left alone, and the messages a merchant gets. The pages, the API, the messages and the command line
// all say it by these. It is pure.
package words
