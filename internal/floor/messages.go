package floor

// Messages calls yield with each object of body, a JSON array of objects. The
// slices belong to body.
func Messages(body []byte, yield func(message []byte)) {
	depth, start, quoted := 0, 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted:
			switch c {
			case '\\':
				i++
			case '"':
				quoted = false
			}
		case c == '"':
			quoted = true
		case c == '{':
			if depth == 0 {
				start = i
			}
			depth++
		case c == '}':
			if depth--; depth == 0 {
				yield(body[start : i+1])
			}
		}
	}
}
