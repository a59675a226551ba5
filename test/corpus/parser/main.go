// Answers for each Dockerfile on stdin, one JSON string a line, with one line of JSON: how BuildKit's parser cuts it
// into instructions, and what the stages and variables are.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/command"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

type heredoc struct {
	Name    string `json:"name"`
	Chomp   bool   `json:"chomp"`
	Expand  bool   `json:"expand"`
	Content string `json:"content"`
}

type instruction struct {
	Line     int      `json:"line"`
	LastLine int      `json:"lastLine"`
	Keyword  string   `json:"keyword"`
	Flags    []string `json:"flags"`
	// Of the node and all that follow it.
	Words    []string     `json:"words"`
	JSON     bool         `json:"json"`
	Heredocs []heredoc    `json:"heredocs"`
	Text     string       `json:"text"`
	Trigger  *instruction `json:"trigger,omitempty"`
}

type stage struct {
	Name string `json:"name"`
	// With the arguments before the first stage filled in.
	Base string `json:"base"`
	// The words of each ADD, COPY, VOLUME and WORKDIR with the variables filled in.
	Steps [][]string `json:"steps"`
}

type answer struct {
	// Why the parser refuses the text.
	Error        string        `json:"error,omitempty"`
	Instructions []instruction `json:"instructions,omitempty"`
	// Why what the parser has cut is refused one step later.
	StagesError string  `json:"stagesError,omitempty"`
	Stages      []stage `json:"stages,omitempty"`
}

func main() {
	in := bufio.NewReader(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	decoder := json.NewDecoder(in)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for decoder.More() {
		var text string
		if err := decoder.Decode(&text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := encoder.Encode(parse(text)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func parse(text string) (found answer) {
	defer func() {
		if reason := recover(); reason != nil {
			found = answer{Error: fmt.Sprintf("panic: %v", reason)}
		}
	}()
	result, err := parser.Parse(strings.NewReader(text))
	if err != nil {
		return answer{Error: err.Error()}
	}
	for _, node := range result.AST.Children {
		found.Instructions = append(found.Instructions, read(node))
	}
	stages, globals, err := instructions.Parse(result.AST, nil)
	if err != nil {
		found.StagesError = err.Error()
		return found
	}
	lex := shell.NewLex(result.EscapeToken)
	env := variables{}
	for _, global := range globals {
		for _, argument := range global.Args {
			if err := env.declare(lex, argument); err != nil {
				found.StagesError = err.Error()
				return found
			}
		}
	}
	if found.Stages, err = readStages(stages, lex, env); err != nil {
		found.StagesError = err.Error()
	}
	return found
}

func read(node *parser.Node) instruction {
	found := instruction{
		Line:     node.StartLine,
		LastLine: node.EndLine,
		Keyword:  keyword(node.Value),
		Flags:    append([]string{}, node.Flags...),
		Words:    []string{},
		JSON:     node.Attributes["json"],
		Heredocs: []heredoc{},
		Text:     strings.TrimSpace(node.Original),
	}
	for _, each := range node.Heredocs {
		found.Heredocs = append(found.Heredocs, heredoc{each.Name, each.Chomp, each.Expand, each.Content})
	}
	for next := node.Next; next != nil; next = next.Next {
		if len(next.Children) > 0 {
			trigger := read(next.Children[0])
			found.Trigger = &trigger
		} else {
			found.Words = append(found.Words, next.Value)
		}
	}
	return found
}

// keyword is empty for what is no instruction.
func keyword(word string) string {
	lower := strings.ToLower(word)
	if _, ok := command.Commands[lower]; !ok {
		return ""
	}
	return strings.ToUpper(lower)
}

func readStages(stages []instructions.Stage, lex *shell.Lex, globals variables) ([]stage, error) {
	found := []stage{}
	ends := map[string]variables{}
	for _, each := range stages {
		own := stage{Name: each.Name, Steps: [][]string{}}
		env := variables{}
		base, _, err := lex.ProcessWord(each.BaseName, globals)
		if err != nil {
			return nil, err
		}
		own.Base = base
		// As addState of dockerfile2llb: the last one of that name.
		for name, value := range ends[base] {
			env[name] = value
		}
		for _, command := range each.Commands {
			if err := own.follow(command, lex, env, globals); err != nil {
				return nil, err
			}
		}
		if each.Name != "" {
			ends[each.Name] = env
		}
		found = append(found, own)
	}
	return found, nil
}

// follow does to the variables what dispatch of dockerfile2llb does.
func (s *stage) follow(command instructions.Command, lex *shell.Lex, env variables, globals variables) error {
	if arg, ok := command.(*instructions.ArgCommand); ok {
		for _, argument := range arg.Args {
			if argument.Value != nil {
				if err := env.declare(lex, argument); err != nil {
					return err
				}
			} else if value, ok := globals[argument.Key]; ok {
				env[argument.Key] = value
			}
		}
		return nil
	}
	if each, ok := command.(instructions.SupportsSingleWordExpansion); ok {
		err := each.Expand(func(word string) (string, error) {
			value, _, err := lex.ProcessWord(word, env)
			return value, err
		})
		if err != nil {
			return err
		}
	}
	switch each := command.(type) {
	case *instructions.EnvCommand:
		for _, pair := range each.Env {
			env[pair.Key] = pair.Value
		}
	case *instructions.CopyCommand:
		s.add(append(append([]string{}, each.SourcePaths...), each.DestPath))
	case *instructions.AddCommand:
		s.add(append(append([]string{}, each.SourcePaths...), each.DestPath))
	case *instructions.WorkdirCommand:
		s.add([]string{each.Path})
	case *instructions.VolumeCommand:
		s.add(each.Volumes)
	}
	return nil
}

func (s *stage) add(words []string) {
	s.Steps = append(s.Steps, words)
}

type variables map[string]string

func (v variables) Get(name string) (string, bool) {
	value, ok := v[name]
	return value, ok
}

func (v variables) Keys() []string {
	names := []string{}
	for name := range v {
		names = append(names, name)
	}
	return names
}

func (v variables) declare(lex *shell.Lex, argument instructions.KeyValuePairOptional) error {
	if argument.Value == nil {
		return nil
	}
	value, _, err := lex.ProcessWord(*argument.Value, v)
	if err == nil {
		v[argument.Key] = value
	}
	return err
}
