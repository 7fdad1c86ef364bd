package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gwsvoice/gws-go/voice"
)

// app is one run of the program.
type app struct {
	env      func(string) string
	out, err io.Writer
	terminal func(io.Writer) (width, height int, ok bool)
	http     *http.Client // nil: the library's own

	// The flags of all commands.
	url, user      string
	notifications  string
	origin         string
	webSocket      bool
	output         string
	timeout        time.Duration
	outcomeTimeout time.Duration
	verbose        bool

	verbs   map[voice.OperationName]string // operation -> the command that does it
	started bool                           // the command line was understood
}

// run carries out a command line and returns the exit code.
func (a *app) run(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	root.SetOut(a.out)
	root.SetErr(a.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	code := a.codeOf(ctx, err)
	fmt.Fprintf(a.err, "voicectl: %s\n", a.explain(code, err))
	if code == exitUsage {
		fmt.Fprintln(a.err, `"voicectl help" or "voicectl COMMAND --help" tells more`)
	}
	return code
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "voicectl",
		Short: "Work on an agent's calls in Genesys Web Services",
		Long: `voicectl works on an agent's calls in Genesys Web Services, for people and for
scripts.

A command that works on a call takes its id as CALL, or the beginning or the end
of it that fits no other call. CALL may be left out when there is one call only
that offers what the command does.

Every operation is waited for until the contact centre has shown its effect, and
tells what became of it: see "voicectl help exit-codes".

The server and the agent are given by flags or by the environment variables
GWS_URL, GWS_USER, and GWS_PASSWORD or GWS_TOKEN. Without a server, a command
starts a simulated contact centre with a call that fits, and shows what it does
there. To try everything out, run "voicectl demo" in a second terminal.`,
		Args:              cobra.NoArgs,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: false},
		PersistentPreRunE: func(*cobra.Command, []string) error { return a.checkFlags() },
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err.Error()} })
	f := root.PersistentFlags()
	f.StringVar(&a.url, "url", "", "base `URL` of GWS, without /api/v2 ($GWS_URL)")
	f.StringVar(&a.user, "user", "", "the agent's user `name` ($GWS_USER); the password is $GWS_PASSWORD, or a token $GWS_TOKEN")
	f.StringVarP(&a.output, "output", "o", "text", "`format`: text, or json for scripts, a line for each value")
	f.DurationVar(&a.timeout, "timeout", 30*time.Second, "limit for the whole command, 0 for none; watch, await and demo have none of themselves")
	f.DurationVar(&a.outcomeTimeout, "outcome-timeout", 10*time.Second, "how long to wait for the outcome of an accepted operation")
	f.BoolVar(&a.webSocket, "websocket", false, "get notifications by WebSocket where the server has it")
	f.StringVar(&a.notifications, "notifications-path", "", "`path` of the notifications, where it is not /api/v2/notifications")
	f.StringVar(&a.origin, "origin", "", "value of the Origin `header` that some deployments demand")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "log to standard error what goes on")
	_ = root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))

	group := func(id, title string, commands ...*cobra.Command) {
		root.AddGroup(&cobra.Group{ID: id, Title: title})
		for _, c := range commands {
			c.GroupID = id
		}
		root.AddCommand(commands...)
	}
	group("look", "Look:", a.watchCommand(), a.callsCommand(), a.callCommand(), a.devicesCommand(), a.statesCommand(), a.meCommand(), a.awaitCommand())
	group("call", "Calls:", append(a.callCommands(), a.dialCommand(), a.transferCommand(), a.conferenceCommand(),
		a.dataCommand(), a.dispositionCommand(), a.recordCommand())...)
	group("agent", "Agent and device:", append(a.stateCommands(), a.loginCommand(), a.logoutCommand(), a.dndCommand(), a.forwardCommand())...)
	group("other", "Other:", a.monitorCommand(), a.opCommand(), a.demoCommand())
	root.AddCommand(exitCodesTopic())
	root.SetHelpCommandGroupID("other")
	root.SetCompletionCommandGroupID("other")

	a.verbs = map[voice.OperationName]string{}
	a.learnVerbs(root)
	return root
}

// operationKey annotates a command with the operation that it does.
const operationKey = "operation"

func (a *app) learnVerbs(parent *cobra.Command) {
	for _, c := range parent.Commands() {
		for op := range strings.FieldsSeq(c.Annotations[operationKey]) {
			a.verbs[voice.OperationName(op)] = strings.TrimPrefix(c.CommandPath(), "voicectl ")
		}
		a.learnVerbs(c)
	}
}

// can returns the commands that a call or device offers, by their first words.
func (a *app) can(ops []voice.OperationName) string {
	var words []string
	for _, op := range voice.OperationNames() {
		word, _, _ := strings.Cut(a.verbs[op], " ")
		if word != "" && slices.Contains(ops, op) && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return strings.Join(words, ", ")
}

func (a *app) checkFlags() error {
	switch {
	case a.output != "text" && a.output != "json":
		return usage("--output: %q is neither text nor json", a.output)
	case a.timeout < 0:
		return usage("--timeout: %s is negative", a.timeout)
	case a.outcomeTimeout <= 0:
		return usage("--outcome-timeout: %s is not positive", a.outcomeTimeout)
	}
	if a.url == "" {
		a.url = a.env("GWS_URL")
	}
	if a.user == "" {
		a.user = a.env("GWS_USER")
	}
	return nil
}

func (a *app) json() bool { return a.output == "json" }

// positional checks arguments by the names in a command's Use, as in
// "transfer NUMBER [CALL]" or "set KEY=VALUE...".
func positional(cmd *cobra.Command, args []string) error {
	names := strings.Fields(cmd.Use)[1:]
	for i, name := range names {
		switch {
		case strings.HasPrefix(name, "["):
		case i >= len(args):
			return usage("%s is missing", strings.TrimSuffix(name, "..."))
		case strings.TrimSpace(args[i]) == "":
			return usage("%s is empty", strings.TrimSuffix(name, "..."))
		}
	}
	if len(args) > len(names) && (len(names) == 0 || !strings.Contains(names[len(names)-1], "...")) {
		return usage("there is an argument too many: %q", args[len(names)])
	}
	return nil
}

// family makes a command that only holds others.
func family(use, short string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usage("%s: there is no %q", cmd.Name(), args[0])
		}
		return usage("%s: say which: %s", cmd.Name(), strings.Join(namesOf(cmd), ", "))
	}, RunE: func(*cobra.Command, []string) error { return errors.New("unreachable: Args has refused") }}
	c.AddCommand(commands...)
	return c
}

func namesOf(parent *cobra.Command) []string {
	var names []string
	for _, c := range parent.Commands() {
		names = append(names, c.Name())
	}
	return names
}
