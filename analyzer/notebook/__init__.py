"""What notebooks show beyond tables: pictures, ladders of rows, the explorer."""
